package canonical_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/canonical"
)

type box struct {
	Name  string            `json:"name"`
	Label string            `json:"label,omitempty"`
	Texts map[string]string `json:"texts"`
	Inner []struct {
		Size int `json:"size"`
	} `json:"inner"`
}

func TestDecode(t *testing.T) {
	const good = `{"name":"a","texts":{"Any.yml":"x","any.yml":"y"},"inner":[{"size":1}]}`
	for _, test := range []struct{ name, src, want string }{
		{"what is written so is read, and names in a map are anybody's", good, ""},
		{"a name in another case is not known", strings.Replace(good, "name", "Name", 1), `the name "Name" is not known, or stands for nothing`},
		{"a name in another case beside it is not known", strings.Replace(good, "{", `{"NAME":"b",`, 1), `the name "NAME" is not known, or stands for nothing`},
		{"a name that Unicode folds to it is not known", strings.Replace(good, "texts", "textſ", 1), `the name "textſ" is not known, or stands for nothing`},
		{"a name that is there twice is an error", strings.Replace(good, "{", `{"name":"b",`, 1), `the name "name" is there twice`},
		{"a name that nothing knows is an error", strings.Replace(good, "{", `{"more":1,`, 1), `the name "more" is not known, or stands for nothing`},
		{"a name inside of a list is told with its place", strings.Replace(good, `"size"`, `"Size"`, 1), `the name "Size" is not known in inner[0], or stands for nothing`},
		{"what has to be there and is not is an error", strings.Replace(good, `"name":"a",`, "", 1), `"name" is missing`},
		{"what is left out when it is empty may not be there and empty", strings.Replace(good, "{", `{"label":"",`, 1), `the name "label" is not known, or stands for nothing`},
		{"null is no text", strings.Replace(good, `"a"`, "null", 1), `"name" is null`},
		{"null is no map", strings.Replace(good, `{"Any.yml":"x","any.yml":"y"}`, "null", 1), `"texts" is null`},
		{"null is no list", strings.Replace(good, `[{"size":1}]`, "null", 1), `"inner" is null`},
		{"null is no object", strings.Replace(good, `{"size":1}`, "null", 1), `"inner[0]" is null`},
		{"another type is told with its place", strings.Replace(good, `1`, `"1"`, 1), "inner.size is a string, and not what it has to be"},
		{"nothing is no JSON", "", "unexpected EOF"},
		{"a list is no object", "[]", " is a array, and not what it has to be"},
		{"null is nothing", "null", `"" is null`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b box
			err := canonical.Decode([]byte(test.src), &b)
			if test.want == "" {
				if err != nil || b.Name != "a" {
					t.Errorf("%v, %+v", err, b)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Error(cmp.Diff(test.want, err))
			}
		})
	}
}

// FuzzDecode holds Decode to its promise: what it reads means what it is written as.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"name":"a","texts":{"Any.yml":"x"},"inner":[{"size":1}]}`))
	f.Add([]byte(`{"name":"a","label":"b","texts":null,"inner":[]}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		var a, b box
		if canonical.Decode(src, &a) != nil {
			return
		}
		again, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if err := canonical.Decode(again, &b); err != nil {
			t.Fatalf("%s: %v", again, err)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Error(diff)
		}
	})
}
