package entitlement

import (
	"strings"
	"testing"
	"unicode"
)

func TestSuggestNamesTheKeyThatWasMeant(t *testing.T) {
	tests := []struct {
		name, key, want string
	}{
		{"a letter too many", "com.apple.security.network.clients", "com.apple.security.network.client"},
		{"a dot at the end", "com.apple.security.cs.disable-library-validation.", "com.apple.security.cs.disable-library-validation"},
		{"letters swapped", "com.apple.security.cs.disalbe-library-validation", "com.apple.security.cs.disable-library-validation"},
		{"a space at the end", "com.apple.security.cs.allow-jit ", "com.apple.security.cs.allow-jit"},
		{"capital letters", "com.apple.security.cs.Allow-JIT", "com.apple.security.cs.allow-jit"},
		{"underscores for hyphens", "com.apple.security.get_task_allow", "com.apple.security.get-task-allow"},
		{"the components of an old documentation address", "com.apple.security.cs.allow_unsigned_executable_memory", "com.apple.security.cs.allow-unsigned-executable-memory"},
		{"a component left out", "com.apple.security.allow-jit", "com.apple.security.cs.allow-jit"},
		{"a word left out", "com.apple.security.cs.allow-unsigned-memory", "com.apple.security.cs.allow-unsigned-executable-memory"},
		{"a word at the end left out", "com.apple.developer.endpoint-security", "com.apple.developer.endpoint-security.client"},
		{"a component too many", "com.apple.security.cs.get-task-allow", "com.apple.security.get-task-allow"},
		{"components in another order", "com.apple.developer.driverkit.usb.transport", "com.apple.developer.driverkit.transport.usb"},
		{"a temporary exception without its name space", "com.apple.security.iokit-user-client-class", "com.apple.security.temporary-exception.iokit-user-client-class"},
		{"a typing error below a prefix", "com.apple.security.temporary-exception.apple-event", "com.apple.security.temporary-exception.apple-events"},
		{"a name that is listed by hand", "com.apple.developer.system-extension.request", "com.apple.developer.system-extension.install"},
		{"the title taken for the key", "com.apple.security.cs.disable-executable-memory-protection", "com.apple.security.cs.disable-executable-page-protection"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Suggest(tt.key)
			if want := "did you mean " + tt.want + "?"; got != want || !ok {
				t.Errorf("Suggest(%q) = %q, %v, want %q", tt.key, got, ok, want)
			}
		})
	}
}

func TestSuggestExplainsNamesThatAreNoEntitlements(t *testing.T) {
	tests := []struct {
		name, key, want string
	}{
		{"the hardened runtime", "com.apple.security.hardened-runtime", "the Hardened Runtime is a code-signing flag (codesign --options runtime), not an entitlement"},
		{"screen recording", "com.apple.security.device.screen-capture", "no entitlement grants screen recording; the user does, in System Settings"},
		{"a folder that has no key", "com.apple.security.files.documents.read-write", "no entitlement opens the Documents folder; com.apple.security.files.user-selected.read-write opens what the user selects"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := Suggest(tt.key); got != tt.want || !ok {
				t.Errorf("Suggest(%q) = %q, %v, want %q", tt.key, got, ok, tt.want)
			}
		})
	}
}

func TestSuggestIsSilentWhereNothingFits(t *testing.T) {
	tests := []struct {
		name, key string
	}{
		{"a key that is known", "com.apple.security.network.client"},
		{"a private key", "com.apple.private.tcc.allow"},
		{"a key of somebody else", "com.example.security.network.clients"},
		{"a known key outside Apple's name space, misspelt", "get-task-alow"},
		{"Apple's name space alone", "com.apple."},
		{"one word", "com.apple.security"},
		{"two keys fit equally well", "com.apple.security.network"},
		{"a name unlike any other", "com.apple.security.quantum-teleportation"},
		{"a short name of another device", "com.apple.security.device.hid"},
		{"the empty key", ""},
		{"control characters", "com.apple.\x1b[31m\n::error::"},
		{"bytes that are no UTF-8", "com.apple.\xff\xfe\xfd"},
		{"a known key followed by much", "com.apple.security.network.client" + strings.Repeat("s", 1<<20)},
		{"many words", "com.apple." + strings.Repeat("a.", 1<<16)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := Suggest(tt.key); got != "" || ok {
				t.Errorf("Suggest = %q, %v, want none", got, ok)
			}
		})
	}
}

func TestSuggestNameCompletesWhatAKeyEndsIn(t *testing.T) {
	for _, tt := range []struct {
		name, key, want string
	}{
		{"the end of a key", "allow-jit", "did you mean com.apple.security.cs.allow-jit?"},
		{"two components", "cs.allow-jit", "did you mean com.apple.security.cs.allow-jit?"},
		{"the end with a typing error", "alow-jit", "did you mean com.apple.security.cs.allow-jit?"},
		{"the end of two keys", "get-task-alow", "did you mean com.apple.security.get-task-allow or get-task-allow?"},
		{"in other letters", "Allow-JIT", "did you mean com.apple.security.cs.allow-jit?"},
		{"what Suggest knows", "com.apple.security.cs.alow-jit", "did you mean com.apple.security.cs.allow-jit?"},
		{"a key that is known", "get-task-allow", ""},
		{"a name of somebody else", "com.acme.allow-jit", ""},
		{"the end of many", "read-write", ""},
		{"too short", "jit", ""},
		{"nothing", "", ""},
		{"much", strings.Repeat("allow-jit", 100), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := SuggestName(tt.key); got != tt.want || ok != (tt.want != "") {
				t.Errorf("SuggestName(%q) = %q, %v, want %q", tt.key, got, ok, tt.want)
			}
		})
	}
}

func TestSuggestGlobNamesTheComponentsThatWereMeant(t *testing.T) {
	for _, tt := range []struct {
		name, glob, want string
	}{
		{"a letter left out", "com.apple.securty.cs.*", "did you mean com.apple.security.cs.*?"},
		{"a letter too many", "com.apple.privates.*", "did you mean com.apple.private.*?"},
		{"components that keys begin with", "com.apple.security.cs.*", ""},
		{"a family that is known", "com.apple.private.*", ""},
		{"part of a family that is known", "com.apple.private.tcc.*", ""},
		{"a name of somebody else", "com.acme.security.cs.*", ""},
		{"a glob in the middle", "com.*.cs.*", ""},
		{"no component", "*", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := SuggestGlob(tt.glob); got != tt.want || ok != (tt.want != "") {
				t.Errorf("SuggestGlob(%q) = %q, %v, want %q", tt.glob, got, ok, tt.want)
			}
		})
	}
}

func TestEveryMisspellingIsSuggestedFor(t *testing.T) {
	for key, m := range vocabulary().misspellings {
		got, ok := Suggest(key)
		if !ok || !strings.Contains(got, m.Meant) || !strings.Contains(got, m.Say) {
			t.Errorf("Suggest(%q) = %q, %v", key, got, ok)
		}
		if r := []rune(m.Say); len(r) > 0 && (unicode.IsUpper(r[0]) || r[len(r)-1] == '.') {
			t.Errorf("%s: a message begins in lower case and has no final period: %q", key, m.Say)
		}
	}
}

// FuzzSuggest holds that a suggestion names a known key or is a listed sentence,
// whatever was asked, so that nothing of a hostile key gets into a message.
func FuzzSuggest(f *testing.F) {
	says := make(map[string]bool)
	for key, m := range vocabulary().misspellings {
		f.Add(key)
		says[m.Say] = true
	}
	for _, k := range vocabulary().known {
		f.Add(strings.ToUpper(k.Key))
		f.Add(k.Key + "s")
	}
	f.Fuzz(func(t *testing.T, key string) {
		got, ok := Suggest(key)
		if ok == (got == "") {
			t.Fatalf("Suggest(%q) = %q, %v", key, got, ok)
		}
		if !ok || says[got] {
			return
		}
		meant := strings.TrimSuffix(strings.TrimPrefix(got, "did you mean "), "?")
		if k, known := Lookup(meant); !known || k.Key != meant || meant == key {
			t.Fatalf("Suggest(%q) = %q", key, got)
		}
	})
}

func BenchmarkSuggestForALongKeyNearMany(b *testing.B) {
	key := "com.apple.developer.networking.carrier-constrained.appcategory-" + strings.Repeat("x", 64)
	for b.Loop() {
		Suggest(key)
	}
}

func BenchmarkParseKnown(b *testing.B) {
	for b.Loop() {
		if _, err := parseLexicon(knownYAML); err != nil {
			b.Fatal(err)
		}
	}
}
