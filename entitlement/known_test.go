package entitlement

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sources are the sites on which Apple itself publishes.
var sources = []string{
	"https://developer.apple.com/documentation/",
	"https://developer.apple.com/library/archive/documentation/",
	"https://github.com/apple-oss-distributions/",
}

func TestKnownFileHoldsItsInvariants(t *testing.T) {
	v, err := parseLexicon(knownYAML)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(v.known); n < 250 {
		t.Errorf("%d entries, want 250 or more", n)
	}
	for _, k := range v.known {
		if !slices.ContainsFunc(sources, func(s string) bool { return strings.HasPrefix(k.Source, s) }) {
			t.Errorf("%s: source %s is not Apple's", k.Key, k.Source)
		}
		if page, ok := strings.CutPrefix(k.Source, "https://developer.apple.com/documentation/bundleresources/entitlements/"); ok && page != strings.ToLower(k.Key) {
			t.Errorf("%s: source is the page of %s", k.Key, page)
		}
		for field, text := range map[string]string{"permits": k.Permits, "advice": k.Advice} {
			if !strings.HasSuffix(text, ".") || strings.Contains(text, "\n") {
				t.Errorf("%s: %s is not one paragraph of sentences: %q", k.Key, field, text)
			}
		}
		if k.Since != "" && !strings.Contains(k.Since, "OS ") {
			t.Errorf("%s: since %q names no system", k.Key, k.Since)
		}
		if strings.Count(k.Key, "*") > 1 || strings.Contains(strings.TrimSuffix(k.Key, ".*"), "*") {
			t.Errorf("%s: a prefix ends in .*", k.Key)
		}
		if len(k.Key) > maxSuggest {
			t.Errorf("%s: longer than the keys that Suggest looks at", k.Key)
		}
	}
}

func TestFamiliesThatMatterMostAreComplete(t *testing.T) {
	want := map[string]map[string]Risk{
		"hardened-runtime": {
			"com.apple.security.cs.allow-dyld-environment-variables":   High,
			"com.apple.security.cs.allow-jit":                          Medium,
			"com.apple.security.cs.allow-unsigned-executable-memory":   High,
			"com.apple.security.cs.debugger":                           High,
			"com.apple.security.cs.disable-executable-page-protection": Critical,
			"com.apple.security.cs.disable-library-validation":         High,
			"com.apple.security.cs.jit-write-allowlist":                Low,
			"com.apple.security.cs.jit-write-allowlist-freeze-late":    Low,
		},
		"personal-information": {
			"com.apple.security.automation.apple-events":             Medium,
			"com.apple.security.device.audio-input":                  Medium,
			"com.apple.security.device.camera":                       Medium,
			"com.apple.security.personal-information.addressbook":    Medium,
			"com.apple.security.personal-information.calendars":      Medium,
			"com.apple.security.personal-information.location":       Medium,
			"com.apple.security.personal-information.photos-library": Medium,
		},
		"hardened-process": {
			"com.apple.security.hardened-process":                                       Low,
			"com.apple.security.hardened-process.checked-allocations":                   Low,
			"com.apple.security.hardened-process.checked-allocations.enable-pure-data":  Low,
			"com.apple.security.hardened-process.checked-allocations.no-tagged-receive": Low,
			"com.apple.security.hardened-process.checked-allocations.soft-mode":         Low,
			"com.apple.security.hardened-process.dyld-ro":                               Low,
			"com.apple.security.hardened-process.enhanced-security-version":             Low,
			"com.apple.security.hardened-process.enhanced-security-version-string":      Low,
			"com.apple.security.hardened-process.hardened-heap":                         Low,
			"com.apple.security.hardened-process.no-guard-objects":                      Medium,
			"com.apple.security.hardened-process.platform-restrictions":                 Low,
			"com.apple.security.hardened-process.platform-restrictions-string":          Low,
		},
		"debugging": {
			"com.apple.security.get-task-allow": High,
			"get-task-allow":                    High,
		},
		"private": {
			"com.apple.private.*":                         Critical,
			"com.apple.rootless.*":                        Critical,
			"com.apple.security.get-movable-control-port": Critical,
			"com.apple.system-task-ports":                 Critical,
			"com.apple.system-task-ports.*":               Critical,
			"platform-application":                        Critical,
			"task_for_pid-allow":                          Critical,
		},
	}
	got := make(map[string]map[string]Risk)
	seen := make(map[string]bool)
	for _, k := range AllKnown() {
		seen[k.Family] = true
		if want[k.Family] == nil {
			continue
		}
		if got[k.Family] == nil {
			got[k.Family] = make(map[string]Risk)
		}
		got[k.Family][k.Key] = k.Risk
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("families (-want +got):\n%s", diff)
	}
	for _, f := range families {
		if !seen[f] {
			t.Errorf("family %q has no entry", f)
		}
	}
}

func TestLookupFindsTheExactEntryFirst(t *testing.T) {
	tests := []struct {
		name, key, want string
	}{
		{"a key with an entry", "com.apple.security.network.client", "com.apple.security.network.client"},
		{"a key outside Apple's name space", "keychain-access-groups", "keychain-access-groups"},
		{"capital letters count", "com.apple.developer.ClassKit-environment", "com.apple.developer.ClassKit-environment"},
		{"an entry wins over its prefix", "com.apple.security.temporary-exception.apple-events", "com.apple.security.temporary-exception.apple-events"},
		{"a prefix serves for the rest", "com.apple.security.temporary-exception.sbpl", "com.apple.security.temporary-exception.*"},
		{"a private key of any depth", "com.apple.private.tcc.allow", "com.apple.private.*"},
		{"a prefix that has an entry without its dot", "com.apple.system-task-ports.read", "com.apple.system-task-ports.*"},
		{"the entry without the dot", "com.apple.system-task-ports", "com.apple.system-task-ports"},
		{"the name space of a prefix alone is no match", "com.apple.private", ""},
		{"a name that only begins alike", "com.apple.privateer.flag", ""},
		{"another spelling of case", "com.apple.security.Network.client", ""},
		{"the empty key", "", ""},
		{"a key of somebody else", "com.example.flag", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, ok := Lookup(tt.key)
			if k.Key != tt.want || ok != (tt.want != "") {
				t.Errorf("Lookup(%q) = %q, %v, want %q", tt.key, k.Key, ok, tt.want)
			}
		})
	}
}

func TestLookupReturnsTheWholeEntry(t *testing.T) {
	got, _ := Lookup("com.apple.security.smartcard")
	want := Known{
		Key:     "com.apple.security.smartcard",
		Title:   "Smart Card",
		Value:   Boolean,
		Family:  "app-sandbox",
		Risk:    Medium,
		Since:   "macOS 10.10",
		Permits: "Lets the process use smart-card readers and the cards in them, through TKSmartCardSlotManager or the PC/SC framework.",
		Advice:  "Prefer a CryptoTokenKit extension and the keychain, which need no raw access to the card.",
		Source:  "https://developer.apple.com/documentation/bundleresources/entitlements/com.apple.security.smartcard",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Lookup (-want +got):\n%s", diff)
	}
}

func TestAllowJITSaysWhatAppleSays(t *testing.T) {
	k, _ := Lookup("com.apple.security.cs.allow-jit")
	text := k.Since + " " + k.Permits + " " + k.Advice
	for _, want := range []string{
		"macOS 10.7", "MAP_JIT", "JavaScriptCore", "Python frameworks", "PCRE", "macro language",
		"falls back to its interpreter, or crashes", "DRM", "set only one",
		"allow-jit < allow-unsigned-executable-memory < disable-executable-page-protection",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("allow-jit does not say %q", want)
		}
	}
}

func TestAllKnownIsSortedAndACopy(t *testing.T) {
	all := AllKnown()
	if !slices.IsSortedFunc(all, func(a, b Known) int { return strings.Compare(a.Key, b.Key) }) {
		t.Error("not in ascending order of keys")
	}
	first := all[0].Key
	all[0].Key = "changed"
	if got := AllKnown()[0].Key; got != first {
		t.Errorf("a caller changed the vocabulary: %q", got)
	}
}

func TestParseLexiconRejectsADefectiveFile(t *testing.T) {
	entry := func(key string, replace ...string) string {
		return strings.NewReplacer(replace...).Replace("  - {key: " + key +
			", title: T, value: boolean, family: network, risk: low, permits: P., advice: A., source: https://developer.apple.com/}\n")
	}
	tests := []struct {
		name, file, want string
	}{
		{"a field that is not known", "entitlements:\n" + entry("a", "title:", "titel:"), "titel"},
		{"a section that is not known", "entitlement: []\n", "entitlement"},
		{"an empty file", "", ""},
		{"a second document", "entitlements: []\n---\nentitlements: []\n", ""},
		{"a kind that is not known", "entitlements:\n" + entry("a", "boolean", "bool"), `"a": unknown value "bool"`},
		{"a family that is not known", "entitlements:\n" + entry("a", "network", "net"), `"a": unknown family "net"`},
		{"a risk that is not known", "entitlements:\n" + entry("a", "low", "lo"), `unknown risk "lo", want one of unknown, low`},
		{"no risk", "entitlements:\n" + entry("a", "risk: low, ", ""), `"a": no risk`},
		{"the risk of keys that are not known", "entitlements:\n" + entry("a", "low", "unknown"), `"a": no risk`},
		{"no advice", "entitlements:\n" + entry("a", "A.", "''"), `"a": key, title, permits and advice are required`},
		{"a source without TLS", "entitlements:\n" + entry("a", "https:", "http:"), "is no https URL"},
		{"keys out of order", "entitlements:\n" + entry("b") + entry("a"), `"a": keys must ascend, and it follows "b"`},
		{"a key twice", "entitlements:\n" + entry("a") + entry("a"), `"a": keys must ascend`},
		{"a misspelling that is right", "entitlements:\n" + entry("a") + "misspellings:\n  - {key: a, say: s}\n", `misspelling "a": it is an entitlement`},
		{"a misspelling twice", "misspellings:\n  - {key: b, say: s}\n  - {key: b, say: s}\n", `misspelling "b": listed twice`},
		{"a misspelling of nothing", "misspellings:\n  - {key: b}\n", "want either meant or say"},
		{"a misspelling of two things", "entitlements:\n" + entry("a") + "misspellings:\n  - {key: b, meant: a, say: s}\n", "want either meant or say"},
		{"a misspelling of a key that is not known", "misspellings:\n  - {key: b, meant: a}\n", `unknown key "a" meant`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := parseLexicon([]byte(tt.file))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v, want an error that holds %q", v, err, tt.want)
			}
		})
	}
}

func TestParseLexiconPutsLongerPrefixesFirst(t *testing.T) {
	entry := ", title: T, value: boolean, family: private, risk: low, permits: P., advice: A., source: https://developer.apple.com/}\n"
	v, err := parseLexicon([]byte("entitlements:\n  - {key: a.*" + entry + "  - {key: a.b.*" + entry + "  - {key: a.b.c" + entry))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 0}, v.prefixes); diff != "" {
		t.Errorf("prefixes (-want +got):\n%s", diff)
	}
}

func TestRiskReadsWhatItWrites(t *testing.T) {
	want := []Risk{0, Low, Medium, High, Critical}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(b); got != `["unknown","low","medium","high","critical"]` {
		t.Errorf("written as %s", got)
	}
	var got []Risk
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	if _, err := Risk(5).MarshalText(); err == nil || err.Error() != "risk(5) is not a risk" {
		t.Errorf("a number that is no risk: %v", err)
	}
	var r Risk
	if err := r.UnmarshalText([]byte("High")); err == nil {
		t.Error("a risk in capital letters was read")
	}
	for _, risk := range want {
		if got := RiskNamed(risk.String()); got != risk {
			t.Errorf("%s is the name of %s", risk, got)
		}
	}
	for _, name := range []string{"", "High", "risk(5)"} {
		if got := RiskNamed(name); got != 0 {
			t.Errorf("%q is the name of %s", name, got)
		}
	}
	if !slices.IsSorted(want) {
		t.Error("the risks do not ascend")
	}
}
