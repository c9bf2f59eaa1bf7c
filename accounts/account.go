package accounts

import (
	"time"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// ID identifies an account. The smallest id is 1.
type ID = subscriptions.AccountID

// Account is one customer of the provider: a "Customer" on the pages of the panel.
type Account struct {
	ID             ID
	Login          string // in lower case, unique
	Contact        Contact
	AdditionalInfo string            // visible to its owner
	Description    string            // visible to the provider only
	ExternalID     string            // the application's key, unique among accounts when set
	Locale         string            // a BCP 47 language tag; "" if unknown
	Attributes     map[string]string // custom fields of the application
	Holds          Holds
	SessionEpoch   int64 // kept by the application in its sessions, and compared by CheckSession; starts at 1
	Version        int64 // starts at 1; incremented by Update
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Status returns Suspended while the account has a hold, and Active otherwise.
func (a Account) Status() Status { return a.Holds.Status() }

// SuspendedBy returns every hold because of which the account is suspended. It returns nil if the account is active.
func (a Account) SuspendedBy() []EffectiveHold { return a.Holds.Effective(LevelAccount) }

// Profile returns what the owner may see of the account.
func (a Account) Profile() Profile {
	return Profile{
		ID: a.ID, Login: a.Login, Contact: a.Contact, AdditionalInfo: a.AdditionalInfo, Locale: a.Locale,
		Status: a.Status(), Messages: messages(a.Holds), Version: a.Version, CreatedAt: a.CreatedAt,
	}
}

// SortName returns the text by which SortName sorts: the folded name.
func (a Account) SortName() string { return input.Fold(a.Contact.Name) }

// SearchText returns the text of an account that subscriptions.SearchTerm looks through, besides that of its domains.
func (a Account) SearchText() string {
	return input.SearchText(a.Login, a.Contact.Name, a.Contact.Company, a.Contact.Email, a.Contact.Phone, a.Contact.City, a.ExternalID)
}

// Profile is an account as its owner sees it.
type Profile struct {
	ID             ID
	Login          string
	Contact        Contact
	AdditionalInfo string
	Locale         string
	Status         Status
	Messages       []Message // one for each hold
	Version        int64
	CreatedAt      time.Time

	// NewSessionEpoch is set only by an Owner.SetContact that changed the e-mail address and so ended all sessions: the
	// SessionEpoch with which the application continues the session in which that was done. Otherwise it is 0.
	NewSessionEpoch int64
}

// Message tells the owner about one hold. Text is empty if the provider gave none.
type Message struct {
	Cause Cause
	Text  string
	At    time.Time
}

func messages(holds Holds) []Message {
	var all []Message
	for _, h := range holds {
		all = append(all, Message{Cause: h.Cause, Text: h.Message, At: h.At})
	}
	return all
}

// New is an account to be created. Limits are in characters. Login, ExternalID and Locale are one line, from which characters
// that show nothing are removed, as Contact describes it.
type New struct {
	// Login is required, at most 60, and stored in lower case: ASCII letters, digits and . _ @ + ' -, beginning with a letter or a
	// digit, with no two dots together and none at the end, and not one of Options.ReservedLogins. It may be an e-mail address
	// and may hold an apostrophe, so it is no name for a Unix user or a directory.
	Login string
	// Password has 8 to 128 characters, as RFC 8265 counts them, without the variation selectors U+FE0E and U+FE0F and the joiner
	// U+200D that telephones add to emoji. Whatever its case, it is neither the login nor the contact's name or e-mail address,
	// and neither one of the most common passwords nor one of them several times in a row, nor one to three characters again
	// and again. Exactly one of Password and PasswordHash is required.
	Password string
	// PasswordHash is the hash that another system made of a password of 1 to 128 characters: a PHC string of Argon2id or a
	// hash of bcrypt, within the bounds that Argon2id documents.
	PasswordHash   string
	Contact        Contact
	AdditionalInfo string             // at most 4,096; visible to the owner
	Description    string             // at most 4,096; visible to the provider only
	ExternalID     string             // at most 255; unique among accounts when set
	Locale         string             // a BCP 47 language tag such as it or pt-BR, at most 35; may be empty
	Attributes     map[string]string  // custom fields of the application, such as a VAT number; at most 32, keys are slugs of at most 64, values have at most 1,024
	CreatedAt      time.Time          // for imports, in the years 1970 to 9998; zero: now
	Subscription   *subscriptions.New // the first subscription, with AccountID 0; nil: none
}

// clean returns the input as it is stored.
func (in New) clean() New {
	in.Login = input.Login(in.Login)
	in.Contact = in.Contact.clean()
	in.ExternalID = input.Line(in.ExternalID)
	in.Locale = input.Locale(in.Locale)
	in.AdditionalInfo, in.Description = input.Text(in.AdditionalInfo), input.Text(in.Description)
	in.Attributes = input.CleanAttributes(in.Attributes)
	in.CreatedAt = input.Time(in.CreatedAt)
	return in
}

// account returns the account that is created from a checked input.
func (in New) account(id ID, now time.Time) Account {
	createdAt := in.CreatedAt
	if createdAt.IsZero() {
		createdAt = now
	}
	return Account{
		ID: id, Login: in.Login, Contact: in.Contact, AdditionalInfo: in.AdditionalInfo, Description: in.Description,
		ExternalID: in.ExternalID, Locale: in.Locale, Attributes: input.SetAttributes(in.Attributes), SessionEpoch: 1, Version: 1,
		CreatedAt: createdAt, UpdatedAt: now,
	}
}

// Changes are the fields of an account to be changed. Nil fields stay as they are. Limits are those of New.
type Changes struct {
	Version        int64 // the version that was read; 0: any
	Login          *string
	Contact        *Contact // replaced as a whole; another Email ends the account's sessions
	AdditionalInfo *string
	Description    *string
	ExternalID     *string
	Locale         *string
	Attributes     map[string]string // merged; an empty value deletes; at most 64 changes, and 32 attributes afterwards
}

// inputRules are the rules of the input types of this package. Passwords and the first subscription are checked separately.
var inputRules = input.NewRules(
	input.Fields{Of: New{}, Rules: map[string]string{
		"Login":          "required,max=60,login",
		"AdditionalInfo": "max=4096,text",
		"Description":    "max=4096,text",
		"ExternalID":     "max=255,line",
		"Locale":         "locale",
		"Attributes":     input.AttributeRules,
		"CreatedAt":      "time",
		"Subscription":   "-",
	}},
	input.Fields{Of: Changes{}, Rules: map[string]string{
		"Version":        "min=0",
		"Login":          "omitnil,filled,max=60,login",
		"Contact":        "omitnil",
		"AdditionalInfo": "omitnil,max=4096,text",
		"Description":    "omitnil,max=4096,text",
		"ExternalID":     "omitnil,max=255,line",
		"Locale":         "omitnil,locale",
		"Attributes":     input.AttributeChangeRules,
	}},
	input.Fields{Of: Contact{}, Rules: map[string]string{
		"Name":       "required,max=120,line",
		"Company":    "max=255,line",
		"Email":      "omitempty,max=255,line,email",
		"Phone":      "max=30,line",
		"Address":    "max=255,line",
		"City":       "max=120,line",
		"State":      "max=120,line",
		"PostalCode": "max=20,line",
		"Country":    "omitempty,country",
	}},
)

// Sort is the order of a list of accounts.
type Sort string

// The orders of lists. Texts are compared byte by byte.
const (
	SortCreated Sort = "created" // by (CreatedAt, ID); the default
	SortLogin   Sort = "login"
	SortName    Sort = "name" // by the contact's name, folded, then ID
)

// Query selects accounts. The zero value selects all, by creation, 50 at a time.
type Query struct {
	IDs []ID // nil: all; otherwise 1 to 10,000; unknown ids are ignored
	// Search is at most 8 words and 255 characters. Each word must be found, in any order, in the login, name, company, e-mail
	// address, phone number, city or external id, or in the name of a domain in either spelling: anywhere if it has 3
	// characters or more, and otherwise at the beginning of a word. Case, accents and apostrophes do not matter. A phone number
	// is found however it is written, a web address by its host name, and an account by its id, as in "#17".
	Search        string
	Status        Status    // empty: any
	Cause         Cause     // suspended by this cause; empty: any
	Country       string    // ISO 3166-1 alpha-2; empty: any
	Plan          string    // with a subscription of exactly this plan; empty: any
	CreatedFrom   time.Time // created then or later; in the years 1970 to 9998; zero: any
	CreatedBefore time.Time // created earlier; in the years 1970 to 9998; zero: any
	Sort          Sort      // empty: SortCreated
	Desc          bool
	Limit         int    // items of a page: 0 for 50, at most 500
	After         Cursor // Page.Next of the page before; empty: the start
}

// Page is one page of a list. Next is the cursor of the next page; it is empty at the end.
type Page struct {
	Items []Summary
	Next  Cursor
}

// Summary is an account as lists show it, with the numbers of its subscriptions and domains.
type Summary struct {
	Account
	Subscriptions, Domains int
}
