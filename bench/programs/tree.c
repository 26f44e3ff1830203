// SPDX-License-Identifier: Apache-2.0
// Stresses pointer chasing and allocation: n insertions, lookups and removals in a treap.
// n = 600000, quick = 40000, long = 1800000
#include <stdint.h>

enum { kNodes = 8192 };

typedef struct Node {
  struct Node *left, *right;
  uint32_t key, priority, hits;
} Node;

static Node nodes[kNodes];
static Node* free_list;
static uint32_t used;
static uint32_t seed;

static uint32_t next_random(void) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed;
}

static Node* allocate(uint32_t key) {
  Node* node = free_list;
  if (node) {
    free_list = node->left;
  } else {
    node = &nodes[used++];
  }
  *node = (Node){0, 0, key, next_random(), 0};
  return node;
}

static void split(Node* tree, uint32_t key, Node** less, Node** rest) {
  while (tree) {
    if (tree->key < key) {
      *less = tree;
      less = &tree->right;
      tree = tree->right;
    } else {
      *rest = tree;
      rest = &tree->left;
      tree = tree->left;
    }
  }
  *less = *rest = 0;
}

static Node* join(Node* x, Node* y) {
  if (!x) return y;
  if (!y) return x;
  if (x->priority > y->priority) {
    x->right = join(x->right, y);
    return x;
  }
  y->left = join(x, y->left);
  return y;
}

static Node* find(Node* tree, uint32_t key) {
  while (tree && tree->key != key) tree = key < tree->key ? tree->left : tree->right;
  return tree;
}

static Node* insert(Node* tree, Node* node) {
  Node** link = &tree;
  while (*link && (*link)->priority >= node->priority) {
    link = node->key < (*link)->key ? &(*link)->left : &(*link)->right;
  }
  split(*link, node->key, &node->left, &node->right);
  *link = node;
  return tree;
}

static Node* erase(Node* tree, uint32_t key) {
  Node** link = &tree;
  while (*link && (*link)->key != key) link = key < (*link)->key ? &(*link)->left : &(*link)->right;
  Node* node = *link;
  if (!node) return tree;
  *link = join(node->left, node->right);
  node->left = free_list;
  free_list = node;
  return tree;
}

int32_t run(int32_t n) {
  Node* tree = 0;
  uint32_t sum = 0;
  seed = 88172645u;
  used = 0;
  free_list = 0;
  for (int32_t i = 0; i < n; i++) {
    uint32_t key = next_random() % 6000;
    Node* node = find(tree, key);
    if (!node) {
      tree = insert(tree, allocate(key));
    } else if (node->hits++ > 2) {
      sum = sum * 31 + node->hits;
      tree = erase(tree, key);
    }
    sum = sum * 3 + (find(tree, key * 7 % 6000) != 0);
  }
  return (int32_t)(sum ^ used);
}
