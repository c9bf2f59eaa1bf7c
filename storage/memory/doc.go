// Package memory is a store in the process's memory.
package memory
