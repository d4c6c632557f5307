package scan

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/macho"
)

// filler puts one element into each list of a value, and a thousand bytes into one
// of its texts.
type filler struct {
	which int // of the texts
	texts int // so far
	name  string
}

// bounded are the fields in which there is nothing long, whatever the file, and those
// that are empty in what is kept. Facts has texts that others have too, and
// certificates that all signatures of a signer share.
var bounded = map[string]bool{
	"Arch": true, "Platform": true, "MinOS": true, "SDK": true, "Type": true, "Runtime": true, "CDHash": true,
	"Kind": true, "SpecialHashes": true, "CodeResources": true, "Offsets": true,
	"Facts": true, "Algorithm": true,
}

func (f *filler) text(name string) string {
	f.texts++
	if f.texts-1 != f.which {
		return ""
	}
	f.name = name
	return strings.Repeat("x", 1000)
}

func (f *filler) fill(v reflect.Value, name string, depth int) {
	if depth > 12 { // values hold values
		return
	}
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() { // others are closed lists
			v.SetString(f.text(name))
		}
	case reflect.Interface:
		v.Set(reflect.ValueOf(errors.New(f.text(name))))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), name, depth+1)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(f.text(name)))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		f.fill(v.Index(0), name, depth+1)
	case reflect.Map:
		key, element := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.fill(key, name, depth+1)
		f.fill(element, name, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, element)
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() && !bounded[field.Name] {
				f.fill(v.Field(i), name+"."+field.Name, depth+1)
			}
		}
	}
}

func TestCostCountsEveryText(t *testing.T) {
	cost := func(f *filler) int {
		var r Result
		f.fill(reflect.ValueOf(&r).Elem(), "Result", 0)
		return costOf(r)
	}
	none := filler{which: -1}
	empty := cost(&none)
	for i := range none.texts {
		f := filler{which: i}
		if more := cost(&f) - empty; more < 1000 {
			t.Errorf("a thousand bytes of %s count %d", f.name, more)
		}
	}
	if none.texts < 50 {
		t.Errorf("only %d texts are kept", none.texts)
	}
}

func TestCostCountsFindingsByWhatTheyName(t *testing.T) {
	told := func(path string) int {
		b := check.Binary{Paths: []string{path}, Inside: []string{""}}
		one := costOf(Result{Binaries: []check.Binary{b}})
		b.Anomalies = make([]macho.Anomaly, 100)
		return costOf(Result{Binaries: []check.Binary{b}}) - one
	}
	if got, want := told(strings.Repeat("x", 1000))-told(""), 100*1000; got != want {
		t.Errorf("100 findings about a path of 1000 bytes count %d, want %d", got, want)
	}
}

// What code is told to need is found out when all is read, and counted before.
func TestCostCountsWhatTheCodeWillSayOfClaims(t *testing.T) {
	of := func(code *evidence.Code, keys ...string) int {
		set := entitlement.Set{}
		for _, key := range keys {
			set[key] = entitlement.Bool(true)
		}
		s := check.Slice{Code: code, Signature: &codesign.Signature{Directories: make([]codesign.Directory, 1), Claims: entitlement.Claims{Set: set}}}
		return costOf(Result{Binaries: []check.Binary{{Paths: []string{"x"}, Inside: []string{"x"}, Slices: []check.Slice{s}}}})
	}
	const jit = "com.apple.security.cs.allow-jit"
	with, without := of(&evidence.Code{}, jit)-of(&evidence.Code{}), of(nil, jit)-of(nil)
	if with-without != ofAssessment {
		t.Errorf("a claim costs %d with code and %d without", with, without)
	}
}
