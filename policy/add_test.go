package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// suggested is an exception as a report suggests it.
const suggested = `- id: EXC-2026-001
  entitlement: com.apple.security.cs.allow-jit
  value: true
  applies-to:
    path: bin/pg_ctl
  category: ""         # the kind of need, such as javascript-engine or other
  justification: ""    # why the code needs it, and what doing without would cost
  owner: ""            # who answers for it
  approved-by: []      # who approved it
  approved-on: ""      # YYYY-MM-DD
  expires: ""          # YYYY-MM-DD, the last day it holds
`

func TestAddExceptions(t *testing.T) {
	indented := "  " + strings.TrimSuffix(strings.ReplaceAll(suggested, "\n", "\n  "), "  ")
	other := strings.Replace(suggested, "EXC-2026-001", "EXC-2026-002", 1)
	const head = "version: 1\nextends: preset:hardened-runtime\n"
	const had = head + "\nexceptions:\n  - id: EXC-1\n    entitlement: com.apple.security.cs.allow-jit\n    applies-to: {path: tool}\n"
	for _, tt := range []struct {
		name, src string
		items     []string
		want      string // what is added at the end
		line      int    // where that differs
		err       string // in the error; empty: there is none
	}{
		{"a policy without exceptions", head, []string{suggested}, "\nexceptions:\n" + indented, 3, ""},
		{"one with some", had, []string{suggested}, "\n" + indented, 8, ""},
		{"several exceptions", had, []string{suggested, other}, "\n" + indented + "\n" + strings.Replace(indented, "EXC-2026-001", "EXC-2026-002", 1), 8, ""},
		{"a policy that policy fmt would write in another way", "version:  1\n", []string{suggested}, "", 0, "is not in the form of policy fmt"},
		{"a policy with lines of Windows", strings.ReplaceAll(head, "\n", "\r\n"), []string{suggested}, "", 0, "is not in the form of policy fmt"},
		{"what is no policy", "version: 2\n", []string{suggested}, "", 0, "version 2"},
		{"an exception that is there", had, []string{strings.Replace(suggested, "EXC-2026-001", "EXC-1", 1)}, "", 0, "EXC-1"},
		{"one that approves", head, []string{strings.Replace(suggested, "approved-by: []", `approved-by: ["@jo"]`, 1)}, "", 0, "approves something"},
		{"one that says until when", head, []string{strings.Replace(suggested, `expires: ""`, "expires: 2027-01-01", 1)}, "", 0, "approves something"},
		{"what is another section", head, []string{suggested + "\nrules: []\n"}, "", 0, "codewarrant.yml"},
		{"two in one", head, []string{suggested + other}, "", 0, "not an exception each"},
		{"what is no exception", head, []string{"- {}\n"}, "", 0, "codewarrant.yml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, h, err := AddExceptions("codewarrant.yml", []byte(tt.src), tt.items)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.src+tt.want, string(out)); diff != "" {
				t.Error(diff)
			}
			if want := (Hunk{tt.line, []string{}, splitLines([]byte(tt.want))}); !cmp.Equal(want, h) {
				t.Errorf("hunk %+v, want %+v", h, want)
			}
		})
	}
}

func TestAddExceptionsToAnEmptyList(t *testing.T) {
	out, h, err := AddExceptions("p", []byte("version: 1\nexceptions: []\n"), []string{suggested})
	if err != nil {
		t.Fatal(err)
	}
	if h.Line != 2 || len(h.Old) != 1 || !strings.HasPrefix(string(out), "version: 1\nexceptions:\n") && !strings.HasPrefix(string(out), "version: 1\n\nexceptions:\n") {
		t.Errorf("%+v\n%s", h, out)
	}
}

// Every policy in the form takes an exception, and keeps all that it has, unless it ends with a
// comment of nothing: whose that would be is not known.
func TestAddExceptionsToWhatIsFormatted(t *testing.T) {
	files, err := filepath.Glob("../testdata/policy/fmt/*.out")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out, h, err := AddExceptions(file, src, []string{strings.Replace(suggested, "EXC-2026-001", "EXC-ADDED", 1)})
		if refused := strings.HasSuffix(string(src), "\n# really\n"); (err != nil) != refused {
			t.Errorf("%s: %v", file, err)
		}
		if err != nil {
			continue
		}
		if again, err := Format(file, out); err != nil || string(again) != string(out) {
			t.Errorf("%s: not in the form: %v\n%s", file, err, cmp.Diff(string(out), string(again)))
		}
		lines := splitLines(src)
		lines = append(append(append([]string{}, lines[:h.Line-1]...), h.New...), lines[h.Line-1+len(h.Old):]...)
		if diff := cmp.Diff(splitLines(out), lines); diff != "" {
			t.Errorf("%s: the hunk makes another text:\n%s", file, diff)
		}
	}
}
