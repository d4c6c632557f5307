package canonical

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

func TestWhatMeansTheSameHasOneForm(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"names are in order", `{"b": 1, "a": {"d":2,"c":[ {"y":0,"x":1} ]}}`, `{"a":{"c":[{"x":1,"y":0}],"d":2},"b":1}`},
		{"what stands before the first that is not in order stays", `{"a":1,"b":{"z":0},"d":[2],"c":"x","e":{}}`, `{"a":1,"b":{"z":0},"c":"x","d":[2],"e":{}}`},
		{"a list keeps its order", "[3, 1,\n2]", `[3,1,2]`},
		{"a number is as it was written", `[1.0, 1e2, -0, 12345678901234567890]`, `[1.0,1e2,-0,12345678901234567890]`},
		{"escapes are those that are needed", `"\u0041<\/\n\u2028"`, `"A</\n` + "\\u2028" + `"`},
		{"what is not UTF-8 is U+FFFD", "\"\xff\"", `"` + "\ufffd" + `"`},
		{"names that differ in case are two", `{"a":1,"A":2}`, `{"A":2,"a":1}`},
		{"words", ` [true,false,null,{},[]] `, `[true,false,null,{},[]]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := JSON([]byte(c.in))
			if err != nil || string(got) != c.want {
				t.Errorf("%s, %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestWhatHasNoForm(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", ``, "unexpected EOF"},
		{"an end that is missing", `{"a":[1`, "EOF"},
		{"a name that is there twice", `{"a":1,"b":2,"\u0061":1}`, `the name "a" is there twice`},
		{"two values", `{} {}`, "there is more after the value"},
		{"no JSON", `{a:1}`, "invalid character"},
		{"a comma too many", `[1,]`, "invalid character"},
		{"values that are too deep", strings.Repeat("[", 200) + strings.Repeat("]", 200), "more than 100 values in one another"},
		{"an object that is too wide", "{" + strings.Repeat(`"a":1,`, maxFields) + `"a":1}`, "more than 100000 members"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := JSON([]byte(c.in)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%.40q, %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestSoManyValuesAndNoMore(t *testing.T) {
	w := &writer{dec: json.NewDecoder(strings.NewReader("[0,0]")), values: maxValues - 2}
	if err := w.value(0); err == nil || !strings.Contains(err.Error(), "more than 10000000 values") {
		t.Error(err)
	}
}

// Objects around a long text do not have it copied anew for each of them.
func TestMemoryDoesNotGrowWithDepth(t *testing.T) {
	const size, depth = 1 << 20, maxDepth - 1
	for _, c := range []struct{ name, before, after string }{
		{"members that are in order", `{"a":0,"b":`, `}`},
		{"members that are not in order", `{"b":`, `,"a":0}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := []byte(strings.Repeat(c.before, depth) + `"` + strings.Repeat("x", size) + `"` + strings.Repeat(c.after, depth))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			form, err := JSON(text)
			runtime.ReadMemStats(&after)
			if want := strings.Repeat(`{"a":0,"b":`, depth) + `"` + strings.Repeat("x", size) + `"` + strings.Repeat("}", depth); err != nil || string(form) != want {
				t.Fatalf("%.100q, %v", form, err)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 20*size {
				t.Errorf("%d bytes are allocated for %d", took, len(text))
			}
		})
	}
}

// The form means what the text meant, and is its own form.
func FuzzJSON(f *testing.F) {
	files, err := filepath.Glob("../../report/testdata/*.json")
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
	f.Add([]byte(`{"b":[1.50,{}],"a":"\ud800"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		form, err := JSON(b)
		if err != nil {
			return
		}
		again, err := JSON(form)
		if err != nil || !bytes.Equal(form, again) {
			t.Fatalf("%q becomes %q: %v", form, again, err)
		}
		if was, is := decode(t, b), decode(t, form); !reflect.DeepEqual(was, is) {
			t.Fatalf("%v is not %v", is, was)
		}
	})
}

func decode(t *testing.T, b []byte) any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
