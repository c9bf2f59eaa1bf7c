package memory

import (
	"cmp"

	"github.com/tidwall/btree"
)

// tree is a copy-on-write B-tree of a root. A published tree is never written to, and never copied either, because Copy
// writes to its source. So a root has each tree twice, with the same nodes: one for readers, and a spare one of which the
// next command makes its working copy.
type tree[T interface{ Copy() T }] struct {
	read    T
	spare   T
	working bool // read is the working copy of the running command and not published yet
}

// table is a tree of values by key.
type table[K cmp.Ordered, V any] = tree[*btree.Map[K, V]]

// order is a tree of items, sorted by a comparison function.
type order[T any] = tree[*btree.BTreeG[T]]

// degree limits the size of nodes: each has at most 2*degree-1 items. A command copies every node on the path to a change,
// so smaller nodes make commands cheaper, but trees deeper.
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

// write returns the tree for the running command to change. It must only be called on a root that is not published.
func (t *tree[T]) write() T {
	if !t.working {
		t.read, t.working = t.spare.Copy(), true
	}
	return t.read
}

// seal ends the changes of a command. The tree is not written to afterwards.
func (t *tree[T]) seal() {
	if t.working {
		t.spare, t.working = t.read.Copy(), false
	}
}
