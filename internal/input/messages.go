package input

import (
	"embed"
	"strings"
	"sync"

	"github.com/clientele-go/clientele/internal/catalogue"
)

//go:embed *.json
var files embed.FS

// texts has the messages by rule, such as "rule.max", in which {0} is the name of the field and {1} the parameter of the rule,
// and the names of the fields by the last part of the path, such as "name.login". The Italian messages put the name first and
// agree with it in nothing, because names differ in gender and number. It is built once for the process.
var texts = sync.OnceValue(func() *catalogue.Catalogue { return catalogue.Must(catalogue.Load(files)) })

func message(locale string, f FieldError) string {
	if !texts().Has("rule." + f.Rule) { // a custom rule, which comes with its message
		return f.Message
	}
	language, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(locale), "_", "-"), "-")
	return texts().Text(language, "rule."+f.Rule, name(language, f.Path), f.Param)
}

// name returns the name of the field at path: "subscription.domains[0]" is a domain, and so is "[3].subscription.domains[0]".
func name(language, path string) string {
	plain := path
	if _, rest, indexed := strings.Cut(path, "]."); indexed && path[0] == '[' {
		plain = rest
	}
	if i := strings.IndexByte(plain, '['); i >= 0 {
		plain = plain[:i]
	}
	for {
		if texts().Has("name." + plain) {
			return texts().Text(language, "name."+plain)
		}
		_, rest, more := strings.Cut(plain, ".")
		if !more {
			return path
		}
		plain = rest
	}
}
