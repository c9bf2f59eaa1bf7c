package input

import (
	"strings"
	"sync"

	"github.com/go-playground/locales/en"
	"github.com/go-playground/locales/it"
	ut "github.com/go-playground/universal-translator"
)

// sentences are what is said of a fault: {0} is the field's name, {1} the rule's parameter.
var sentences = map[string]struct{ en, it string }{
	"required":     {"{0} is required", "{0} è obbligatorio"},
	"max":          {"{0} may have at most {1} characters", "{0} può avere al massimo {1} caratteri"},
	"min":          {"{0} must be at least {1}", "{0} deve essere almeno {1}"},
	"maxItems":     {"{0}: at most {1} are allowed", "{0}: ne sono ammessi al massimo {1}"},
	"atMost":       {"{0} must be at most {1}", "{0} deve essere al massimo {1}"},
	"minLength":    {"{0} needs at least {1} characters", "{0} deve avere almeno {1} caratteri"},
	"line":         {"{0} must be one line of readable text", "{0} deve essere una riga di testo leggibile"},
	"text":         {"{0} must be readable text", "{0} deve essere testo leggibile"},
	"login":        {"{0} must start with a letter or a digit and may have letters from a to z, digits and . _ @ + ' - (no two dots together, no dot at the end)", "{0}: deve iniziare con una lettera o una cifra e può avere lettere dalla a alla z, cifre e . _ @ + ' - (non due punti insieme, nessun punto alla fine)"},
	"reserved":     {"{0} is reserved", "{0} è riservato"},
	"email":        {"{0} must be an e-mail address", "{0} deve essere un indirizzo e-mail"},
	"country":      {"{0} must be a country code of two letters", "{0} deve essere un codice di paese di due lettere"},
	"locale":       {"{0} must be a language tag, such as en or it-CH", "{0} deve essere un codice di lingua, come en o it-CH"},
	"slug":         {"{0}: a key must start with a letter from a to z and may have lower-case letters, digits and -", "{0}: una chiave deve iniziare con una lettera dalla a alla z e può avere lettere minuscole, cifre e -"},
	"cause":        {"{0} must start with a letter from a to z and may have lower-case letters, digits and -, at most 32", "{0} deve iniziare con una lettera dalla a alla z e può avere lettere minuscole, cifre e -, al massimo 32"},
	"notByHand":    {"{0} {1} is placed and lifted by the library alone", "{0} {1} è messa e tolta solo dalla libreria"},
	"time":         {"{0} must lie between the years 1 and 9999", "{0} deve essere tra gli anni 1 e 9999"},
	"oneOf":        {"{0} must be one of {1}", "{0} deve essere uno tra {1}"},
	"exactlyOne":   {"{0}: give either a password or a password hash", "{0}: indicare una password oppure un hash"},
	"characters":   {"{0} has a character that cannot be used", "{0} ha un carattere che non si può usare"},
	"notLogin":     {"{0} must not be the login", "{0} non deve essere il nome utente"},
	"notYours":     {"{0} must not be the name or the e-mail address of the account", "{0}: non può essere il nome o l'indirizzo e-mail dell'account"},
	"common":       {"{0} is one of the most common passwords, or repeats one", "{0}: è tra le password più comuni, o ne ripete una"},
	"hash":         {"{0} must be a hash of Argon2id or bcrypt within the bounds", "{0} deve essere un hash Argon2id o bcrypt entro i limiti"},
	"domain":       {"{0} must be a domain name, such as example.com", "{0} deve essere un nome di dominio, come example.com"},
	"publicSuffix": {"{0}: {1} is a public suffix, under which domains are registered", "{0}: {1} è un suffisso pubblico, sotto cui si registrano i domini"},
	"duplicate":    {"{0}: {1} is given twice", "{0}: {1} è indicato due volte"},
	"reservedName": {"{0}: {1} is reserved for the provider", "{0}: {1} è riservato al provider"},
	"main":         {"{0}: {1} is its subscription's main domain; make another one the main domain first", "{0}: {1} è il dominio principale del suo abbonamento; prima renderne principale un altro"},
	"cursor":       {"{0} is not a cursor of this list", "{0} non è un cursore di questo elenco"},
	"transaction":  {"{0}: not possible inside a host's transaction", "{0}: non è possibile in una transazione dell'applicazione"},
	"isolation":    {"{0}: the transaction must be READ COMMITTED and not {1}", "{0}: la transazione deve essere READ COMMITTED e non {1}"},
	"ttl":          {"{0} must be from 1 minute to 7 days", "{0} deve essere da 1 minuto a 7 giorni"},
	"secret":       {"{0} must be set, with at least {1} bytes", "{0} deve essere impostato, con almeno {1} byte"},
	"provider":     {"{0} must be empty here", "{0} qui deve essere vuoto"},
}

// names are what people call the fields, by the last part of the path.
var names = map[string]struct{ en, it string }{
	"login":              {"Username", "Nome utente"},
	"password":           {"Password", "Password"},
	"passwordHash":       {"Password hash", "Hash della password"},
	"contact":            {"Contact", "Contatto"},
	"contact.name":       {"Contact name", "Nome del contatto"},
	"contact.company":    {"Company", "Azienda"},
	"contact.email":      {"E-mail", "E-mail"},
	"contact.phone":      {"Phone", "Telefono"},
	"contact.address":    {"Address", "Indirizzo"},
	"contact.city":       {"City", "Città"},
	"contact.state":      {"State or province", "Provincia"},
	"contact.postalCode": {"Postal code", "CAP"},
	"contact.country":    {"Country", "Paese"},
	"additionalInfo":     {"Additional information", "Informazioni aggiuntive"},
	"description":        {"Description", "Descrizione"},
	"externalID":         {"External id", "ID esterno"},
	"locale":             {"Language", "Lingua"},
	"attributes":         {"Attributes", "Attributi"},
	"createdAt":          {"Created", "Data di creazione"},
	"subscription":       {"Subscription", "Abbonamento"},
	"accountID":          {"Customer", "Cliente"},
	"name":               {"Name", "Nome"},
	"plan":               {"Plan", "Piano"},
	"expiresAt":          {"Expiry", "Scadenza"},
	"expiresBefore":      {"Expiry", "Scadenza"},
	"domains":            {"Domain", "Dominio"},
	"version":            {"Version", "Versione"},
	"ids":                {"Selection", "Selezione"},
	"causes":             {"Cause", "Causa"},
	"cause":              {"Cause", "Causa"},
	"note":               {"Note", "Nota"},
	"message":            {"Message", "Messaggio"},
	"public":             {"Public text", "Testo pubblico"},
	"actor":              {"Actor", "Autore"},
	"limit":              {"Limit", "Limite"},
	"after":              {"Cursor", "Cursore"},
	"before":             {"Date", "Data"},
	"atMost":             {"Limit", "Limite"},
	"to":                 {"Recipient", "Destinatario"},
	"search":             {"Search", "Ricerca"},
	"status":             {"Status", "Stato"},
	"country":            {"Country", "Paese"},
	"sort":               {"Order", "Ordine"},
	"ttl":                {"Time to live", "Durata"},
	"secret":             {"Secret", "Segreto"},
	"old":                {"Old password", "Vecchia password"},
	"transaction":        {"Transaction", "Transazione"},
}

// translators are validator's own kind of translators, one for each language, built once for the process.
var translators = sync.OnceValue(func() *ut.UniversalTranslator {
	u := ut.New(en.New(), en.New(), it.New())
	english, _ := u.GetTranslator("en")
	italian, _ := u.GetTranslator("it")
	for rule, said := range sentences {
		must(english.Add(rule, said.en, false))
		must(italian.Add(rule, said.it, false))
	}
	return u
})

func message(locale string, f FieldError) string {
	language, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(locale), "_", "-"), "-")
	translator, _ := translators().GetTranslator(language)
	messages, err := translator.T(f.Rule, name(language, f.Path), f.Param)
	if err != nil { // a rule of the host's own, which brings its own words
		return f.Message
	}
	return messages
}

// name answers what people call the field at a path: "subscription.domains[0]" is a domain.
func name(language, path string) string {
	plain := path
	if i := strings.IndexByte(path, '['); i >= 0 {
		plain = path[:i]
	}
	for {
		if called, known := names[plain]; known {
			if language == "it" {
				return called.it
			}
			return called.en
		}
		_, rest, more := strings.Cut(plain, ".")
		if !more {
			return path
		}
		plain = rest
	}
}
