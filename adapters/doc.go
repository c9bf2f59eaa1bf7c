// Package adapters is the roof over what connects the library to the outside world. Each package below it is on its
// own: it imports the domain, and no other adapter, so that a host pays only for what it mounts.
//
// Package gateway stands before a host's web server and serves, or refuses to serve, each site as its status says.
package adapters
