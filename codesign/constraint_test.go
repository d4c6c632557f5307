package codesign_test

import (
	"testing"

	cs "github.com/blacktop/go-macho/pkg/codesign/types"
	"github.com/google/go-cmp/cmp"

	. "github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

// constraint returns a constraint as tools encode it.
func constraint(reqs ...any) []byte {
	return machotest.DER("ccat", 0, "comp", 1, "reqs", machotest.Dict(reqs), "vers", 1)
}

func TestParseConstraint(t *testing.T) {
	payload := constraint(
		"$or-array", []any{
			[]any{"$and", machotest.Dict{"is-init-proc", true, "on-system-volume", false}},
			[]any{"$and", machotest.Dict{"validation-category", 6}},
		},
		"signing-identifier", machotest.Dict{"$in", []any{"com.acme.app", "com.acme.helper"}},
		"team-identifier", "A1B2C3D4E5",
	)
	and := func(set entitlement.Set) entitlement.Value {
		return entitlement.List(entitlement.Str("$and"), entitlement.Value{Kind: entitlement.Dictionary, Dict: set})
	}
	want := entitlement.Set{
		"ccat": entitlement.Int(0),
		"comp": entitlement.Int(1),
		"reqs": {Kind: entitlement.Dictionary, Dict: entitlement.Set{
			"$or-array": entitlement.List(
				and(entitlement.Set{"is-init-proc": entitlement.Bool(true), "on-system-volume": entitlement.Bool(false)}),
				and(entitlement.Set{"validation-category": entitlement.Int(6)}),
			),
			"signing-identifier": {Kind: entitlement.Dictionary, Dict: entitlement.Set{
				"$in": entitlement.List(entitlement.Str("com.acme.app"), entitlement.Str("com.acme.helper")),
			}},
			"team-identifier": entitlement.Str("A1B2C3D4E5"),
		}},
		"vers": entitlement.Int(1),
	}
	got, err := ParseConstraint(payload)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// go-macho's reader, made from constraints of Apple's systems, gives an operand of
// $or-array as a dictionary; it forgets what comes after one.
func TestParseConstraintAgreesWithGoMacho(t *testing.T) {
	for name, row := range map[string]struct {
		reqs   machotest.Dict
		theirs map[string]any
		ours   string
	}{
		"facts": {
			machotest.Dict{"is-init-proc", true, "team-identifier", "A1B2C3D4E5", "validation-category", 6},
			map[string]any{"is-init-proc": true, "team-identifier": "A1B2C3D4E5", "validation-category": int64(6)},
			`{"is-init-proc": true, "team-identifier": "A1B2C3D4E5", "validation-category": 6}`,
		},
		"an operator": {
			machotest.Dict{"$or-array", []any{[]any{"team-identifier", "A1B2C3D4E5"}}},
			map[string]any{"$or-array": []any{map[string]any{"team-identifier": "A1B2C3D4E5"}}},
			`{"$or-array": [["team-identifier", "A1B2C3D4E5"]]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			payload := constraint(row.reqs...)
			theirs, err := cs.ParseLaunchContraints(payload)
			if err != nil {
				t.Fatal(err)
			}
			ours, err := ParseConstraint(payload)
			if err != nil {
				t.Fatal(err)
			}
			want := []any{&cs.LaunchContraints{Count: 1, COMP: 1, Version: 1, Requirements: row.theirs}, row.ours}
			if diff := cmp.Diff(want, []any{theirs, ours["reqs"].Text()}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseConstraintRefuses(t *testing.T) {
	deep := any(machotest.Dict{})
	for range entitlement.MaxDepth {
		deep = machotest.Dict{"$not", deep}
	}
	for name, row := range map[string]struct {
		payload []byte
		want    string
	}{
		"nothing":                     {nil, "constraint: offset 0: the element is cut short"},
		"a property list":             {[]byte("<dict/>"), "constraint: offset 0: a length of 100 where 5 bytes are left"},
		"the form of old tools":       {machotest.OldDER("reqs", machotest.Dict{}), "constraint: the form v0 instead of vnext"},
		"no reqs":                     {machotest.DER("ccat", 0), "constraint: reqs is unknown instead of a dictionary"},
		"reqs that are no dictionary": {machotest.DER("reqs", []any{}), "constraint: reqs is array instead of a dictionary"},
		"bytes after the end":         {append(constraint(), 0), "constraint: offset 50: 1 bytes after the end"},
		"operators that nest too far": {constraint("$not", deep), "constraint: offset 210: values nest deeper than 16"},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := ParseConstraint(row.payload)
			if err == nil {
				t.Fatalf("read as %v", set)
			}
			if diff := cmp.Diff(row.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
