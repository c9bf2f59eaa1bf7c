package accounts

import (
	"time"

	"github.com/clientele-go/clientele/subscriptions"
	"github.com/clientele-go/clientele/subscriptions/input"
)

// ID names an account. The smallest is 1.
type ID = subscriptions.AccountID

// Account is one customer of the provider: what the panel shows as "Customer".
type Account struct {
	ID                 ID
	Login              string // in lower case, unique
	Contact            Contact
	AdditionalInfo     string // its owner sees it
	Description        string // only the provider sees it
	ExternalID, Locale string // the host's own key, unique when set; BCP 47
	Attributes         map[string]string
	Holds              Holds
	SessionEpoch             int64 // a host keeps it in its session and asks CheckSession
	Version            int64 // rises with Update
	CreatedAt          time.Time
	UpdatedAt          time.Time
}

// Status is Suspended while the account has a hold.
func (a Account) Status() Status { return subscriptions.StatusOf(len(a.Holds)) }

// SuspendedBy answers every hold that keeps the account down. Nil means that it is active.
func (a Account) SuspendedBy() []EffectiveHold { return a.Holds.Effective(subscriptions.LevelAccount) }

// Profile answers what the owner may see of the account.
func (a Account) Profile() Profile {
	return Profile{
		ID: a.ID, Login: a.Login, Contact: a.Contact, AdditionalInfo: a.AdditionalInfo, Locale: a.Locale,
		Status: a.Status(), Messages: messages(a.Holds), Version: a.Version, CreatedAt: a.CreatedAt,
	}
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
}

// Message tells the owner about one hold. Text is empty where the provider gave none.
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

// New is an account to be created. Limits are in characters.
type New struct {
	Login          string `validate:"required,max=60,login"` // 1–60; stored in lower case
	Password       string `validate:"-"`                     // 8–128; exactly one of this and PasswordHash
	PasswordHash   string `validate:"-"`                     // Argon2id's PHC string or bcrypt's, as Argon2id says; for a password of 1–128 characters
	Contact        Contact
	AdditionalInfo string             `validate:"max=4096,text"`
	Description    string             `validate:"max=4096,text"`
	ExternalID     string             `validate:"max=255,line"`                                       // unique among accounts when set
	Locale         string             `validate:"locale"`                                             // BCP 47, such as it or pt-BR; at most 35
	Attributes     map[string]string  `validate:"max=32,dive,keys,max=64,slug,endkeys,max=1024,text"` // the host's own: a VAT number, a fax, …; at most 32, keys of 64 and values of 1,024
	CreatedAt      time.Time          `validate:"time"`                                               // for imports; zero: now
	Subscription   *subscriptions.New `validate:"-"`                                                  // optional first subscription; its AccountID is 0
}

// clean answers the input as it is stored.
func (in New) clean() New {
	in.Login = input.Login(in.Login)
	in.Contact = in.Contact.clean()
	in.ExternalID = input.Line(in.ExternalID)
	in.Locale = input.Locale(in.Locale)
	in.AdditionalInfo, in.Description = input.Text(in.AdditionalInfo), input.Text(in.Description)
	in.Attributes = subscriptions.CleanAttributes(in.Attributes)
	in.CreatedAt = subscriptions.Cut(in.CreatedAt)
	return in
}

// account answers the account that is created from a checked input.
func (in New) account(id ID, at time.Time) Account {
	created := in.CreatedAt
	if created.IsZero() {
		created = at
	}
	return Account{
		ID: id, Login: in.Login, Contact: in.Contact, AdditionalInfo: in.AdditionalInfo, Description: in.Description,
		ExternalID: in.ExternalID, Locale: in.Locale, Attributes: subscriptions.SetAttributes(in.Attributes), SessionEpoch: 1, Version: 1,
		CreatedAt: created, UpdatedAt: at,
	}
}

// Changes are the fields of an account to be changed. Nil fields stay as they are.
type Changes struct {
	Version        int64             `validate:"min=0"` // the version that was read; 0: whatever it is
	Login          *string           `validate:"omitnil,filled,max=60,login"`
	Contact        *Contact          `validate:"omitnil"`
	AdditionalInfo *string           `validate:"omitnil,max=4096,text"`
	Description    *string           `validate:"omitnil,max=4096,text"`
	ExternalID     *string           `validate:"omitnil,max=255,line"`
	Locale         *string           `validate:"omitnil,locale"`
	Attributes     map[string]string `validate:"max=64,dive,keys,max=64,slug,endkeys,max=1024,text"` // merged; an empty value deletes; 32 may be left
}

// Sort is the order of a list of accounts.
type Sort string

// The orders. Those by texts compare bytes.
const (
	SortCreated Sort = "created" // by (CreatedAt, ID); the default
	SortLogin   Sort = "login"
	SortName    Sort = "name" // by the contact's name, folded, then ID
)

// Query selects accounts. The zero value selects all, by creation, 50 at a time.
type Query struct {
	IDs []ID // nil: all; else 1 to 10,000; unknown ones are left out
	// Search is a piece of the login, name, company, email, phone, external id, or of a domain's name in either spelling;
	// below 3 characters the beginning of one; at most 255.
	Search  string
	Status  Status
	Cause   Cause
	Country string
	Sort    Sort
	Desc    bool
	Limit   int // 0: 50; at most 500
	After   Cursor
}

// Page is one page of a list. Next is empty at the end.
type Page struct {
	Items []Summary
	Next  Cursor
}

// Summary is an account as lists show it: with how many subscriptions and domains it has.
type Summary struct {
	Account
	Subscriptions, Domains int
}

// Outcome tells what a command on many did.
type Outcome struct {
	Changed, Unchanged []ID // these two part the ids asked for; ascending
	StillSuspended              []ID // of Activate and Lift: those that are suspended afterwards
}

// SortName answers what SortName sorts by: the folded name.
func (a Account) SortName() string { return subscriptions.Fold(a.Contact.Name) }

// SearchTexts answers what a search of accounts looks through, folded, besides the texts of their domains.
func (a Account) SearchTexts() []string {
	texts := []string{a.Login, a.Contact.Name, a.Contact.Company, a.Contact.Email, a.Contact.Phone, a.ExternalID}
	for i, text := range texts {
		texts[i] = subscriptions.Fold(text)
	}
	return texts
}
