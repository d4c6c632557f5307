package policy_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/codewarrant/codewarrant/policy"
)

// A policy in the form of policy fmt still is in it when an exception was renewed,
// approved, or both.
func TestWhatIsWrittenIntoAFormattedPolicyIsFormatted(t *testing.T) {
	exceptions := 0
	for name, src := range policies(t) {
		formatted := checkFormat(t, src)
		p := parse(t, string(formatted))
		for i := range p.Exceptions {
			exceptions++
			e := &p.Exceptions[i]
			approved := approve(t, formatted, e)
			for what, out := range map[string][]byte{
				"renewed": renew(t, formatted, e.ID), "approved": approved, "renewed after approval": renew(t, approved, e.ID),
				"approved after renewal": approve(t, renew(t, formatted, e.ID), e),
			} {
				if diff := cmp.Diff(string(checkFormat(t, out)), string(out)); diff != "" {
					t.Errorf("%s: %s %s (-formatted +written):\n%s", name, e.ID, what, diff)
				}
			}
		}
	}
	if exceptions < 50 {
		t.Errorf("only %d exceptions", exceptions)
	}
}

// Of a policy in any form they change lines of the exception alone.
func TestWhatIsWrittenStaysWithinItsException(t *testing.T) {
	for name, src := range policies(t) {
		p := parse(t, string(src))
		for i := range p.Exceptions {
			e := &p.Exceptions[i]
			if e.Expires.IsZero() {
				continue
			}
			_, hunks, err := policy.Renew("test.yml", src, map[string][]string{e.ID: e.ApprovedBy}, e.Expires.AddDays(1))
			if errs := policy.Errors(nil); err != nil && !errors.As(err, &errs) { // it may refuse, and says where
				t.Errorf("%s: %v", name, err)
			}
			for _, h := range hunks {
				below := i+1 < len(p.Exceptions) && h.Line+len(h.Old) > p.Exceptions[i+1].Position.Line
				if h.Line < e.Position.Line || below && p.Exceptions[i+1].Position.Line > e.Position.Line {
					t.Errorf("%s: %s on line %d, hunk %+v", name, e.ID, e.Position.Line, h)
				}
			}
		}
	}
}

// policies returns the policies of testdata, those inside of archives too.
func policies(t *testing.T) map[string][]byte {
	t.Helper()
	list := map[string][]byte{}
	add := func(name string, src []byte) {
		if strings.HasSuffix(name, ".yml") && isPolicy(src) {
			list[name] = src
		}
	}
	err := filepath.WalkDir("../testdata", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch filepath.Ext(path) {
		case ".yml":
			add(path, read(t, path))
		case ".txtar":
			for _, f := range txtar.Parse(read(t, path)).Files {
				add(path+":"+f.Name, f.Data)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func renew(t *testing.T, src []byte, id string) []byte {
	t.Helper()
	out, _, err := policy.Renew("test.yml", src, map[string][]string{id: approvers(parse(t, string(src)))[id]}, day(t, "2030-05-01"))
	if err != nil {
		t.Fatalf("%v in\n%s", err, src)
	}
	return out
}

// approve approves an exception on the last day on which it holds.
func approve(t *testing.T, src []byte, e *policy.Exception) []byte {
	t.Helper()
	on := e.Expires
	if on.IsZero() {
		on = day(t, "2026-11-23")
	}
	out, err := policy.SetDate("test.yml", src, e.ID, "approved-on", on)
	for key, text := range map[string]string{"approved-by": "alice@acme.example", "signatures": armour} {
		if err == nil {
			out, err = policy.AppendToList("test.yml", out, e.ID, key, text)
		}
	}
	if err != nil {
		t.Fatalf("%v in\n%s", err, src)
	}
	return out
}
