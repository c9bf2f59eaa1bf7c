package panel

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// assets are the style sheet, the script and the icon. Their names change with their content, so that browsers can cache them
// without a limit.
type assets struct {
	style, script, icon string // file names
	files               map[string]asset
}

// asset is one file.
type asset struct {
	contentType      string
	content, gzipped []byte
}

var (
	variableName  = regexp.MustCompile(`^--[a-zA-Z0-9-]+$`)
	variableValue = regexp.MustCompile(`^[^{}<>;\\@]*$`)
)

// newAssets returns the assets. The style sheet overrides the given CSS variables.
func newAssets(variables map[string]string) (assets, error) {
	style, err := concatFiles("assets/pico/pico.min.css", "assets/panel.css")
	if err != nil {
		return assets{}, err
	}
	if len(variables) > 0 {
		style = append(style, ":root:root{"...)
		for _, name := range slices.Sorted(maps.Keys(variables)) {
			if !variableName.MatchString(name) || !variableValue.MatchString(variables[name]) {
				return assets{}, fmt.Errorf("panel: invalid Options.Variables[%q] %q: must be a name such as --color and a value without {}<>;\\@", name, variables[name])
			}
			style = append(style, name+":"+variables[name]+";"...)
		}
		style = append(style, '}')
	}
	script, err := concatFiles("assets/htmx/htmx.min.js", "assets/panel.js")
	if err != nil {
		return assets{}, err
	}
	a := assets{files: map[string]asset{}}
	a.style = a.add("panel", ".css", "text/css; charset=utf-8", style)
	a.script = a.add("panel", ".js", "text/javascript; charset=utf-8", script)
	icon, err := concatFiles("assets/icon.svg")
	if err != nil {
		return assets{}, err
	}
	a.icon = a.add("icon", ".svg", "image/svg+xml", icon)
	return a, nil
}

// concatFiles returns the contents of embedded files, each followed by a newline.
func concatFiles(names ...string) ([]byte, error) {
	var all []byte
	for _, name := range names {
		content, err := fs.ReadFile(assetFiles, name)
		if err != nil {
			return nil, err
		}
		all = append(append(all, content...), '\n')
	}
	return all, nil
}

// add adds a file and returns its name, which contains a hash of its content.
func (a *assets) add(name, extension, contentType string, content []byte) string {
	sum := sha256.Sum256(content)
	name += "-" + hex.EncodeToString(sum[:8]) + extension
	a.files[name] = asset{contentType: contentType, content: content, gzipped: compress(content)}
	return name
}

func compress(content []byte) []byte {
	var gzipped bytes.Buffer
	// The level is valid, and writing to a buffer does not fail.
	w, _ := gzip.NewWriterLevel(&gzipped, gzip.BestCompression)
	_, _ = w.Write(content)
	_ = w.Close()
	return gzipped.Bytes()
}

// serve serves the file that the path names.
func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	file, found := a.files[r.PathValue("name")]
	if !found {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", file.contentType)
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Content-Type-Options", "nosniff")
	body := file.content
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = file.gzipped
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	_, _ = w.Write(body) // the client may have disconnected
}
