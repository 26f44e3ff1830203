// SPDX-License-Identifier: Apache-2.0
// A C++ program for the compiler to translate: templates, virtual functions, closures; no library, which
// takes long.

template <class T, unsigned N>
struct Heap {
  template <class Less>
  void push(T value, Less less) {
    unsigned at = size++;
    for (; at != 0 && less(value, items[(at - 1) / 2]); at = (at - 1) / 2) items[at] = items[(at - 1) / 2];
    items[at] = value;
  }
  template <class Less>
  T pop(Less less) {
    const T top = items[0], last = items[--size];
    unsigned at = 0;
    for (unsigned child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && less(items[child + 1], items[child])) ++child;
      if (!less(items[child], last)) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = last;
    return top;
  }
  T items[N] = {};
  unsigned size = 0;
};

struct Shape {
  virtual double area() const = 0;
};

struct Square final : Shape {
  explicit Square(double side) : side(side) {}
  double area() const override { return side * side; }
  double side;
};

struct Circle final : Shape {
  explicit Circle(double radius) : radius(radius) {}
  double area() const override { return 3.141592653589793 * radius * radius; }
  double radius;
};

double smallest(const double (&sizes)[16]) {
  Heap<double, 32> areas;
  const auto less = [](double left, double right) { return left < right; };
  for (const double size : sizes) {
    const Square square(size);
    const Circle circle(size);
    const Shape* const shapes[] = {&square, &circle};
    for (const Shape* shape : shapes) {
      areas.push(shape->area(), less);
    }
  }
  double sum = 0;
  for (unsigned i = 0; i < 8; ++i) sum += areas.pop(less);
  return sum;
}
