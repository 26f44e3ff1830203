// SPDX-License-Identifier: Apache-2.0
// Stresses f64 arithmetic, division and square root: five bodies under gravity, n time steps.
// n = 480000, quick = 25000, long = 4800000
#include <stdint.h>

enum { kBodies = 5 };

typedef struct {
  double x[3], v[3], mass;
} Body;

static Body bodies[kBodies];

static void place(void) {
  for (int i = 0; i < kBodies; i++) {
    Body* body = &bodies[i];
    double r = 1.0 + 2.5 * i;
    body->x[0] = i % 2 ? r : -r;
    body->x[1] = i * 0.75 - 1.0;
    body->x[2] = i * 0.125;
    body->v[0] = i * 0.0625;
    body->v[1] = i ? 1.0 / r : 0.0;
    body->v[2] = 0.03125 * (i - 2);
    body->mass = i ? 0.0078125 * i : 2.0;
  }
}

static void step(double dt) {
  for (int i = 0; i < kBodies; i++) {
    Body* p = &bodies[i];
    for (int j = i + 1; j < kBodies; j++) {
      Body* q = &bodies[j];
      double dx = p->x[0] - q->x[0], dy = p->x[1] - q->x[1], dz = p->x[2] - q->x[2];
      double d2 = dx * dx + dy * dy + dz * dz + 0.001;
      double force = dt / (d2 * __builtin_sqrt(d2));
      p->v[0] -= dx * q->mass * force;
      p->v[1] -= dy * q->mass * force;
      p->v[2] -= dz * q->mass * force;
      q->v[0] += dx * p->mass * force;
      q->v[1] += dy * p->mass * force;
      q->v[2] += dz * p->mass * force;
    }
  }
  for (int i = 0; i < kBodies; i++) {
    for (int k = 0; k < 3; k++) bodies[i].x[k] += dt * bodies[i].v[k];
  }
}

static double energy(void) {
  double e = 0;
  for (int i = 0; i < kBodies; i++) {
    const Body* p = &bodies[i];
    e += 0.5 * p->mass * (p->v[0] * p->v[0] + p->v[1] * p->v[1] + p->v[2] * p->v[2]);
  }
  return e;
}

int32_t run(int32_t n) {
  place();
  for (int32_t i = 0; i < n; i++) step(0.0009765625);
  return (int32_t)(energy() * 1e8);
}
