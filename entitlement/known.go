package entitlement

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/codewarrant/codewarrant/internal/inorder"
	"go.yaml.in/yaml/v4"
)

// Known is what is known of one entitlement: Apple's words for it, and this
// project's judgement.
type Known struct {
	Key     string // as claimed; one that ends in * stands for all keys with that prefix
	Title   string // Apple's title, where its documentation has one
	Value   Kind   // the documented type
	Family  string // one of a short list, such as "hardened-runtime"
	Risk    Risk   // the harm if an attacker is inside, or the key was given by mistake
	Since   string // the first system that Apple names, such as "macOS 10.7"; may be empty
	Permits string // what it permits, in a sentence or two
	Advice  string // what to do instead, or how to hold it to a minimum
	Source  string // URL of Apple's page or open source
}

// Protects reports whether the key takes from the process what it may do without it, in
// place of granting something.
func (k Known) Protects() bool { return strings.HasPrefix(k.Permits, "Adds protection:") }

// families are the values of [Known.Family]: first what loosens or hardens a Mac
// process, then what a provisioning profile has to authorize.
var families = []string{
	"hardened-runtime",     // exceptions of the Hardened Runtime, and limits on them
	"personal-information", // resources that the Hardened Runtime guards
	"hardened-process",     // Enhanced Security
	"debugging",            // being debugged
	"app-sandbox",
	"identity", // who the program is, and what it shares with its team
	"system-extension",
	"network",
	"virtualization",
	"restricted",     // other services that a provisioning profile has to authorize
	"other-platform", // documented for iOS and its kin, not for macOS
	"private",        // Apple's own
}

// Lookup returns what is known of a key: its own entry, or else that of the
// longest prefix, whose Key then differs from the one asked for.
func Lookup(key string) (Known, bool) {
	v := vocabulary()
	if i, ok := v.find(key); ok {
		return v.known[i], true
	}
	for _, i := range v.prefixes {
		if strings.HasPrefix(key, strings.TrimSuffix(v.known[i].Key, "*")) {
			return v.known[i], true
		}
	}
	return Known{}, false
}

// AllKnown returns every entry, prefixes included, in ascending order of keys.
func AllKnown() []Known { return slices.Clone(vocabulary().known) }

//go:embed known.yml
var knownYAML []byte

// vocabulary parses known.yml on first use. The file is part of the program, and
// the tests parse it, so an error is a defect of the build and not of an input.
var vocabulary = sync.OnceValue(func() *lexicon {
	v, err := parseLexicon(knownYAML)
	if err != nil {
		panic("entitlement: known.yml: " + err.Error())
	}
	return v
})

// lexicon is known.yml, read.
type lexicon struct {
	known        []Known // ascending by key
	prefixes     []int   // the entries of known that end in *, longest first
	misspellings map[string]misspelling
}

// misspelling is a name that is claimed and that is no entitlement. Either Meant
// names the right key, or Say is the whole answer.
type misspelling struct {
	Key   string `yaml:"key"`
	Meant string `yaml:"meant"`
	Say   string `yaml:"say"`
}

// knownEntry is one entry of known.yml as written.
type knownEntry struct {
	Key     string `yaml:"key"`
	Title   string `yaml:"title"`
	Value   string `yaml:"value"`
	Family  string `yaml:"family"`
	Risk    Risk   `yaml:"risk"`
	Since   string `yaml:"since"`
	Permits string `yaml:"permits"`
	Advice  string `yaml:"advice"`
	Source  string `yaml:"source"`
}

// parseLexicon reads known.yml. Every field but since is required, keys ascend,
// and a field, kind, family or risk that is not known is an error.
func parseLexicon(b []byte) (*lexicon, error) {
	var file struct {
		Entitlements []knownEntry  `yaml:"entitlements"`
		Misspellings []misspelling `yaml:"misspellings"`
	}
	if err := yaml.Load(b, &file, yaml.WithKnownFields()); err != nil {
		return nil, err
	}
	v := &lexicon{misspellings: make(map[string]misspelling, len(file.Misspellings))}
	for i, e := range file.Entitlements {
		k, err := e.known()
		if err != nil {
			return nil, fmt.Errorf("%q: %w", e.Key, err)
		}
		if i > 0 && e.Key <= file.Entitlements[i-1].Key {
			return nil, fmt.Errorf("%q: keys must ascend, and it follows %q", e.Key, file.Entitlements[i-1].Key)
		}
		v.known = append(v.known, k)
		if strings.HasSuffix(k.Key, "*") {
			v.prefixes = append(v.prefixes, i)
		}
	}
	inorder.By(v.prefixes, func(i, j int) int { return len(v.known[j].Key) - len(v.known[i].Key) })
	for _, m := range file.Misspellings {
		if err := v.addMisspelling(m); err != nil {
			return nil, fmt.Errorf("misspelling %q: %w", m.Key, err)
		}
	}
	return v, nil
}

// known checks one entry.
func (e knownEntry) known() (Known, error) {
	kind, ok := ParseKind(e.Value)
	switch {
	case !ok:
		return Known{}, fmt.Errorf("unknown value %q", e.Value)
	case !slices.Contains(families, e.Family):
		return Known{}, fmt.Errorf("unknown family %q, want one of %s", e.Family, strings.Join(families, ", "))
	case e.Risk == 0:
		return Known{}, errors.New("no risk")
	case e.Key == "" || e.Title == "" || e.Permits == "" || e.Advice == "":
		return Known{}, errors.New("key, title, permits and advice are required")
	case !strings.HasPrefix(e.Source, "https://"):
		return Known{}, fmt.Errorf("source %q is no https URL", e.Source)
	}
	return Known{
		Key: e.Key, Title: e.Title, Value: kind, Family: e.Family, Risk: e.Risk,
		Since: e.Since, Permits: e.Permits, Advice: e.Advice, Source: e.Source,
	}, nil
}

// addMisspelling checks m against the entries and keeps it.
func (v *lexicon) addMisspelling(m misspelling) error {
	if _, ok := v.find(m.Key); ok {
		return errors.New("it is an entitlement")
	}
	if _, ok := v.misspellings[m.Key]; ok {
		return errors.New("listed twice")
	}
	if (m.Meant == "") == (m.Say == "") {
		return errors.New("want either meant or say")
	}
	if _, ok := v.find(m.Meant); m.Meant != "" && !ok {
		return fmt.Errorf("unknown key %q meant", m.Meant)
	}
	v.misspellings[m.Key] = m
	return nil
}

// find returns the index of the entry with exactly that key.
func (v *lexicon) find(key string) (int, bool) {
	return slices.BinarySearchFunc(v.known, key, func(k Known, key string) int {
		return strings.Compare(k.Key, key)
	})
}

// Risk is how much harm a claim can do. The zero Risk is that of a key about
// which nothing is known; it is below Low in number only.
type Risk uint8

// The risks, in ascending order.
const (
	Low Risk = iota + 1
	Medium
	High
	Critical
)

var riskNames = [...]string{"unknown", "low", "medium", "high", "critical"}

// RiskNamed returns the risk of a name, and the zero Risk for what names none.
func RiskNamed(name string) Risk { return Risk(max(0, slices.Index(riskNames[:], name))) }

// String returns the risk's name in lower case, such as "high".
func (r Risk) String() string {
	if int(r) < len(riskNames) {
		return riskNames[r]
	}
	return fmt.Sprintf("risk(%d)", uint8(r))
}

// MarshalText returns the name that [Risk.String] returns, or an error for a
// number that is no risk.
func (r Risk) MarshalText() ([]byte, error) {
	if int(r) >= len(riskNames) {
		return nil, fmt.Errorf("%s is not a risk", r)
	}
	return []byte(riskNames[r]), nil
}

// UnmarshalText reads what [Risk.MarshalText] wrote. Any other text is an error
// that lists the valid ones.
func (r *Risk) UnmarshalText(text []byte) error {
	i := slices.Index(riskNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("unknown risk %q, want one of %s", text, strings.Join(riskNames[:], ", "))
	}
	*r = Risk(i)
	return nil
}
