// SPDX-License-Identifier: Apache-2.0
// Stresses a mix, as embedded benchmarks do: list merge sort, 16-bit matrix, number scanner; n rounds.
// n = 3500, quick = 200, long = 30000
#include <stdint.h>

enum { kNodes = 200, kSide = 16 };

typedef struct Node {
  struct Node* next;
  int16_t key, value;
} Node;

static Node nodes[kNodes];
static int16_t left[kSide][kSide], right[kSide][kSide];
static int32_t product[kSide][kSide];

static uint32_t mix(uint32_t sum, uint32_t value) {
  for (int bit = 0; bit < 16; bit++, value >>= 1) sum = (sum ^ value) & 1 ? sum >> 1 ^ 0xa001u : sum >> 1;
  return sum;
}

static Node* merge(Node* x, Node* y) {
  Node head = {0, 0, 0}, *tail = &head;
  while (x && y) {
    Node** smaller = x->key <= y->key ? &x : &y;
    tail->next = *smaller;
    tail = *smaller;
    *smaller = tail->next;
  }
  tail->next = x ? x : y;
  return head.next;
}

static Node* sort(Node* list, int count) {
  if (count == 1) {
    list->next = 0;
    return list;
  }
  Node* middle = list;
  for (int i = 0; i < count / 2; i++) middle = middle->next;
  Node* second = sort(middle, count - count / 2);
  return merge(sort(list, count / 2), second);
}

static uint32_t list_work(uint32_t seed) {
  for (int i = 0; i < kNodes; i++) {
    seed = seed * 1103515245u + 12345u;
    nodes[i] = (Node){i + 1 < kNodes ? &nodes[i + 1] : 0, (int16_t)(seed >> 18), (int16_t)(seed >> 8)};
  }
  uint32_t sum = 0;
  int position = 0;
  for (Node* node = sort(nodes, kNodes); node; node = node->next) {
    if (position++ % 4 == 0) sum = mix(sum, (uint16_t)(node->key ^ node->value));
  }
  return sum;
}

static uint32_t matrix_work(uint32_t seed) {
  uint32_t sum = 0;
  for (int i = 0; i < kSide * kSide; i++) {
    seed = seed * 1103515245u + 12345u;
    left[i / kSide][i % kSide] = (int16_t)(seed >> 20);
    right[i / kSide][i % kSide] = (int16_t)(seed >> 12 & 255);
  }
  for (int i = 0; i < kSide; i++) {
    for (int j = 0; j < kSide; j++) {
      int32_t total = 0;
      for (int k = 0; k < kSide; k++) total += left[i][k] * right[k][j];
      product[i][j] = total;
      sum += (uint32_t)(total >> 2 & 15) * (uint32_t)(total >> 5 & 127);
    }
  }
  return mix(sum, (uint32_t)product[3][5]);
}

static uint32_t scan_work(uint32_t seed) {
  static const char kInput[] = "12,-7,3.25,+.5,1e9,6.02e+23,x1,--,0,77e,.,4.4.4,-12e-3,900,";
  enum { kStart, kSign, kInteger, kPoint, kFraction, kExponent, kScale, kBad } state = kStart;
  uint32_t counts[8] = {0};
  for (const char* p = kInput; *p; p++) {
    char c = (char)(*p ^ ((seed >> 7 & 63) == (uint32_t)(p - kInput) ? 1 : 0));
    if (c == ',') {
      counts[state]++;
      state = kStart;
      continue;
    }
    int digit = c >= '0' && c <= '9', sign = c == '+' || c == '-';
    switch (state) {
      case kStart: state = digit ? kInteger : sign ? kSign : c == '.' ? kPoint : kBad; break;
      case kSign: state = digit ? kInteger : c == '.' ? kPoint : kBad; break;
      case kInteger: state = digit ? kInteger : c == '.' ? kFraction : c == 'e' ? kExponent : kBad; break;
      case kPoint:
      case kFraction: state = digit ? kFraction : c == 'e' ? kExponent : kBad; break;
      case kExponent: state = digit || sign ? kScale : kBad; break;
      case kScale: state = digit ? kScale : kBad; break;
      case kBad: break;
    }
  }
  uint32_t sum = 0;
  for (int i = 0; i < 8; i++) sum = sum * 11 + counts[i];
  return sum;
}

int32_t run(int32_t n) {
  uint32_t sum = 0, seed = 7;
  for (int32_t round = 0; round < n; round++) {
    seed = seed * 1664525u + 1013904223u;
    sum = sum * 31 + list_work(seed);
    sum = sum * 31 + matrix_work(seed);
    for (uint32_t i = 0; i < 10; i++) sum = sum * 31 + scan_work(seed + (i << 7));
  }
  return (int32_t)sum;
}
