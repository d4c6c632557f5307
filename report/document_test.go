package report

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/compare"
	"github.com/codewarrant/codewarrant/entitlement"
)

// asJSON returns what JSON writes of a report.
func asJSON(t testing.TB, r *check.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := JSON(&b, r, "1.0.0"); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A report says the same of a build before it is written and after it was read.
func TestADocumentIsReadBack(t *testing.T) {
	for name, r := range reports(t) {
		t.Run(name, func(t *testing.T) {
			got, err := ReadDocument(asJSON(t, r))
			if err != nil {
				t.Fatal(err)
			}
			values := cmp.Transformer("value", entitlement.Value.Text)
			diff := cmp.Diff(DocumentOf(r, "1.0.0").Side(), got.Side(), values)
			if diff != "" && name != "hostile" { // which has bytes that are not UTF-8
				t.Errorf("-written +read:\n%s", diff)
			}
			if r := compare.Sides(got.Side(), got.Side()); len(r.Changes) > 0 {
				t.Errorf("it differs from itself: %+v", r.Changes)
			}
		})
	}
}

func TestALaterVersionMayWriteMore(t *testing.T) {
	b := strings.Replace(string(asJSON(t, clean(t))), `"result": "pass"`, `"result": "pass", "mood": {"a": [1, {"A": 2}]}`, 1)
	if _, err := ReadDocument([]byte(b)); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoReport(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"an unknown version", `"codewarrant.report/1"`, `"codewarrant.report/2"`, `schema "codewarrant.report/2" is not one of those that this version reads: codewarrant.report/1`},
		{"another format", `"codewarrant.report/1"`, `"codewarrant.show/1"`, `schema "codewarrant.show/1"`},
		{"no schema", `"schema"`, `"scheme"`, "it names no schema"},
		{"a schema that is no text", `"codewarrant.report/1"`, `1`, "it names no schema"},
		{"a field that is there twice", `"result": "fail"`, `"result": "fail", "result": "pass"`, `the name "result" is there twice`},
		{"a field that is there in another case", `"result": "fail"`, `"result": "fail", "Result": "pass"`, `"Result" and "result" are in one object`},
		{"a field that is there in letters of another alphabet", `"result": "fail"`, "\"result\": \"fail\", \"re\u017fult\": \"pass\"", "are in one object"},
		{"a result that nobody knows", `"result": "fail"`, `"result": "fine"`, `result "fine" is not one of`},
		{"a result that is better than the findings", `"result": "fail"`, `"result": "pass"`, "the result is pass, and the findings come to fail"},
		{"counts that are not those of the lists", `"errors": 3`, `"errors": 0`, "the counts are"},
		{"a list that is a text", `"packages": []`, `"packages": "none"`, "packages is a string"},
		{"a binary without a path", `"inside": [
        "bin/pg_ctl"
      ]`, `"inside": []`, "1 paths, and 0 inside of the artifact"},
		{"a signature of what is unsigned", `"signing": "cms"`, `"signing": "unsigned"`, `signing is "unsigned", and there is a signature: true`},
		{"a claim of another architecture", `"archs": [
            "x86_64",
            "arm64"
          ],
          "risk"`, `"archs": ["ppc"], "risk"`, `a claim of a slice for "ppc"`},
		{"a value of another kind", `"kind": "boolean"`, `"kind": "string"`, "a value of kind boolean is no string"},
		{"a kind that nobody knows", `"kind": "boolean"`, `"kind": "bool"`, `"bool" is no kind of value`},
		{"something after it", "\n}\n", "\n}\n{}", "there is more after the value"},
		{"a part of it", "\n}\n", "", "EOF"},
		{"how closely it was looked at is not told", `"verify": "full"`, `"verify": ""`, `verify "" is not one of`},
	} {
		t.Run(c.name, func(t *testing.T) {
			was := string(asJSON(t, pgctl(t)))
			i := strings.LastIndex(was, c.old)
			if j := strings.Index(was, c.old); c.old != "\n}\n" {
				i = j
			}
			if i < 0 {
				t.Fatalf("%s has no %q", was, c.old)
			}
			_, err := ReadDocument([]byte(was[:i] + c.new + was[i+len(c.old):]))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	for text, want := range map[string]string{"": "EOF", "[]": "no JSON object", `"x"`: "no JSON object", "{}": "names no schema", "MZ": "invalid character"} {
		if _, err := ReadDocument([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := ReadDocument(make([]byte, MaxDocument+1)); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Error(err)
	}
}

// What is read says of itself that nothing has changed, and is read the same way again.
func FuzzReadDocument(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ReadDocument(b)
		if err != nil {
			return
		}
		side := d.Side()
		if r := compare.Sides(side, side); len(r.Changes) > 0 {
			t.Fatalf("%+v", r.Changes)
		}
		again, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if e, err := ReadDocument(again); err != nil || len(e.Binaries) != len(d.Binaries) {
			t.Fatalf("%v of %s", err, again)
		}
	})
}
