package main

import (
	"context"
	_ "embed"
	"html/template"
	"net/http"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/gateway"
)

//go:embed website.html
var websiteHTML string

var websitePage = template.Must(template.New("website").Parse(websiteHTML))

// website serves a page for every active site. A real application would serve the files of the domain.
func website(w http.ResponseWriter, r *http.Request) {
	site, _ := gateway.SiteFrom(r.Context())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = websitePage.Execute(w, site) // an error means that the visitor is gone
}

// forbidPanelName returns a function for Options.AllowDomain that rejects the host name of the panel and the names above
// it.
func forbidPanelName(host string) func(context.Context, accounts.ID, string) error {
	return func(_ context.Context, _ accounts.ID, name string) error {
		if strings.EqualFold(name, host) || strings.HasSuffix(host, "."+name) {
			return &accounts.InvalidError{Fields: []accounts.FieldError{{
				Path: "name", Rule: "reservedName", Param: name, Message: name + " is reserved for the panel",
			}}}
		}
		return nil
	}
}
