package input

import (
	"strings"
	"sync"

	"github.com/go-playground/locales/en"
	"github.com/go-playground/locales/it"
	ut "github.com/go-playground/universal-translator"
)

// sentences are the messages by rule: {0} is the name of the field, {1} the parameter of the rule. The Italian ones put the
// name first and agree with it in nothing, because names differ in gender and number.
var sentences = map[string]struct{ en, it string }{
	"required":     {"{0} is required", "{0}: campo obbligatorio"},
	"max":          {"{0} can have at most {1} characters", "{0}: massimo {1} caratteri"},
	"min":          {"{0} must be at least {1}", "{0}: il valore minimo è {1}"},
	"maxItems":     {"{0}: at most {1} entries are allowed", "{0}: massimo {1} elementi"},
	"maxWords":     {"{0}: at most {1} words are searched for", "{0}: massimo {1} parole"},
	"atMost":       {"{0} must be at most {1}", "{0}: il valore massimo è {1}"},
	"minLength":    {"{0} must have at least {1} characters", "{0}: minimo {1} caratteri"},
	"line":         {"{0} must be a single line of readable text", "{0}: è ammessa una sola riga di testo leggibile"},
	"text":         {"{0} must be readable text", "{0}: è ammesso solo testo leggibile"},
	"login":        {"{0} must start with a letter or a digit and can contain letters from a to z, digits and . _ @ + ' - (no consecutive dots, no dot at the end)", "{0}: prima una lettera o una cifra, poi lettere dalla a alla z, cifre e . _ @ + ' - (senza punti consecutivi né finali)"},
	"reserved":     {"{0} is reserved", "{0}: valore riservato"},
	"email":        {"{0} must be a valid e-mail address", "{0}: indirizzo e-mail non valido"},
	"country":      {"{0} must be a two-letter country code", "{0}: inserisci un codice paese di due lettere"},
	"locale":       {"{0} must be a language tag, such as en or it-CH", "{0}: inserisci un codice di lingua, ad es. en o it-CH"},
	"slug":         {"{0}: a key must start with a letter from a to z and can contain lower-case letters, digits and -", "{0}: ogni chiave inizia con una lettera dalla a alla z e contiene solo lettere minuscole, cifre e -"},
	"cause":        {"{0} must start with a letter from a to z and can contain lower-case letters, digits and - (at most 32 characters)", "{0}: prima una lettera dalla a alla z, poi lettere minuscole, cifre e - (massimo 32 caratteri)"},
	"notByHand":    {"{0}: {1} is managed automatically", "{0}: la causa {1} è gestita automaticamente"},
	"time":         {"{0} must be between the years 1970 and 9998", "{0}: sono ammessi gli anni dal 1970 al 9998"},
	"oneOf":        {"{0} must be one of {1}", "{0}: valore non valido (valori ammessi: {1})"},
	"exactlyOne":   {"{0}: enter either a password or a password hash, not both", "{0}: indica una password oppure un hash, non entrambi"},
	"characters":   {"{0} contains a character that is not allowed", "{0}: contiene un carattere non ammesso"},
	"notLogin":     {"{0} must not be the same as the username", "{0}: non può coincidere con il nome utente"},
	"notYours":     {"{0} must not be the name or the e-mail address of the account", "{0}: non usare il nome o l’indirizzo e-mail dell’account"},
	"common":       {"{0} is one of the most common passwords, or repeats one or a few characters", "{0}: è tra le più comuni, oppure ne ripete una o pochi caratteri"},
	"hash":         {"{0} must be an Argon2id or bcrypt hash with allowed parameters", "{0}: hash Argon2id o bcrypt non valido o con parametri non consentiti"},
	"domain":       {"{0} must be a domain name, such as example.com", "{0}: inserisci un nome di dominio, ad es. example.com"},
	"publicSuffix": {"{0}: {1} is a public suffix, under which domains are registered", "{0}: {1} è un suffisso pubblico, sotto il quale si registrano i domini"},
	"duplicate":    {"{0}: {1} is listed twice", "{0}: {1} compare due volte"},
	"reservedName": {"{0}: {1} is reserved for the provider", "{0}: {1} è riservato al provider"},
	"main":         {"{0}: {1} is the main domain of its subscription; make another domain the main one first", "{0}: {1} è il dominio principale del suo abbonamento; prima rendi principale un altro dominio"},
	"cursor":       {"{0} is not valid for this list", "{0}: valore non valido per questo elenco"},
	"transaction":  {"{0}: not possible inside a transaction", "{0}: operazione non possibile in una transazione"},
	"isolation":    {"{0}: the isolation level must be READ COMMITTED, not {1}", "{0}: il livello di isolamento deve essere READ COMMITTED, non {1}"},
	"ttl":          {"{0} must be from 1 minute to 7 days", "{0}: da 1 minuto a 7 giorni"},
	"secret":       {"{0} must be set and have at least {1} bytes", "{0}: servono almeno {1} byte"},
	"provider":     {"{0} must not be set here", "{0}: qui non va indicato alcun valore"},
	"maxBytes":     {"{0} can have at most {1} bytes", "{0}: massimo {1} byte"},
	"empty":        {"{0} must be empty", "{0}: deve essere vuoto"},
	"another":      {"{0} must be another one", "{0}: ne serve un altro"},
	"overlap":      {"{0} conflicts with {1}, which is for another account", "{0}: in conflitto con {1}, che è di un altro account"},
}

// names are the names of the fields in messages, by the last part of the path.
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
	"externalID":         {"External ID", "ID esterno"},
	"locale":             {"Language", "Lingua"},
	"attributes":         {"Attributes", "Attributi"},
	"createdAt":          {"Creation date", "Data di creazione"},
	"subscription":       {"Subscription", "Abbonamento"},
	"accountID":          {"Customer", "Cliente"},
	"name":               {"Name", "Nome"},
	"plan":               {"Plan", "Piano"},
	"expiresAt":          {"Expiry date", "Scadenza"},
	"expiresBefore":      {"Expiry date", "Scadenza"},
	"createdFrom":        {"Creation date", "Data di creazione"},
	"createdBefore":      {"Creation date", "Data di creazione"},
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
	"to":                 {"Customer", "Cliente"},
	"search":             {"Search", "Ricerca"},
	"status":             {"Status", "Stato"},
	"country":            {"Country", "Paese"},
	"sort":               {"Sort order", "Ordinamento"},
	"ttl":                {"Validity period", "Durata"},
	"secret":             {"Secret", "Chiave segreta"},
	"old":                {"Current password", "Password attuale"},
	"transaction":        {"Transaction", "Transazione"},
	"accounts":           {"Customers", "Clienti"},
	"bucket":             {"Bucket", "Contenitore"},
	"key":                {"Key", "Chiave"},
	"value":              {"Value", "Valore"},
	"prefix":             {"Prefix", "Prefisso"},
	"condition":          {"Condition", "Condizione"},
	"fn":                 {"Function", "Funzione"},
	"store":              {"The target store", "Archivio di destinazione"},
}

// translators has a translator for each language. It is built once for the process.
var translators = sync.OnceValue(func() *ut.UniversalTranslator {
	u := ut.New(en.New(), en.New(), it.New())
	english, _ := u.GetTranslator("en")
	italian, _ := u.GetTranslator("it")
	for rule, sentence := range sentences {
		must(english.Add(rule, sentence.en, false))
		must(italian.Add(rule, sentence.it, false))
	}
	return u
})

func message(locale string, f FieldError) string {
	language, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(locale), "_", "-"), "-")
	translator, _ := translators().GetTranslator(language)
	text, err := translator.T(f.Rule, name(language, f.Path), f.Param)
	if err != nil { // a custom rule, which comes with its message
		return f.Message
	}
	return text
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
		if n, known := names[plain]; known {
			if language == "it" {
				return n.it
			}
			return n.en
		}
		_, rest, more := strings.Cut(plain, ".")
		if !more {
			return path
		}
		plain = rest
	}
}
