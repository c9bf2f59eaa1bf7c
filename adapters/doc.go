// Package adapters groups the packages that connect clientele to HTTP. It contains no code. Each adapter imports the
// domain packages and no other adapter, so that an application depends only on those it uses.
//
//   - Package gateway is middleware that serves active sites only.
//   - Package panel is the web pages for operators and customers.
package adapters
