package memory

import (
	"cmp"

	"github.com/tidwall/btree"
)

// tree is one copy-on-write B-tree of a root. A tree that readers can see is never written to again, and never copied
// either, because Copy writes to its source. So a root carries each tree twice, with the same nodes: one for readers,
// and a spare one, from which the next command takes its working copy.
type tree[T interface{ Copy() T }] struct {
	read    T
	spare   T
	working bool // read is the working copy of a command, and nobody else sees it
}

// table is a tree of values by key.
type table[K cmp.Ordered, V any] = tree[*btree.Map[K, V]]

// order is a tree of items in an order of their own.
type order[T any] = tree[*btree.BTreeG[T]]

// degree is half of what a node holds at most. Every command copies the nodes on its way, so that smaller nodes make
// commands cheaper and searches deeper.
const degree = 16

func newTable[K cmp.Ordered, V any]() table[K, V] {
	empty := btree.NewMap[K, V](degree)
	return table[K, V]{spare: empty, read: empty.Copy()}
}

func newOrder[T any](compare func(a, b T) int) order[T] {
	less := func(a, b T) bool { return compare(a, b) < 0 }
	empty := btree.NewBTreeGOptions(less, btree.Options{Degree: degree, NoLocks: true})
	return order[T]{spare: empty, read: empty.Copy()}
}

// write answers the tree for the running command to change. Only the writer calls it, on a root that is not published.
func (t *tree[T]) write() T {
	if !t.working {
		t.read, t.working = t.spare.Copy(), true
	}
	return t.read
}

// seal ends the changes of a command. From here on the tree belongs to readers.
func (t *tree[T]) seal() {
	if t.working {
		t.spare, t.working = t.read.Copy(), false
	}
}
