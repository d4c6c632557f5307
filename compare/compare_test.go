package compare

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

const (
	jit      = "com.apple.security.cs.allow-jit"
	sandbox  = "com.apple.security.app-sandbox"
	groups   = "com.apple.security.application-groups"
	keychain = "keychain-access-groups"
)

// slice is a program for arm64 with a Developer ID, hardened, to which edit does something.
func slice(edit func(*Slice)) Slice {
	requirement := "anchor apple generic"
	s := Slice{
		Arch: "arm64", Type: "execute", Signing: "cms", Identifier: "com.acme.app", Team: "A1B2C3D4E5", Flags: codesign.FlagRuntime, Runtime: "14.5",
		Requirement: &requirement, Authenticated: true, Signer: "Developer ID Application: Acme", SignerKind: string(codesign.DeveloperID), Timestamp: true,
		Claims: []Claim{{Entitlement: sandbox, Value: entitlement.Bool(true)}},
	}
	if edit != nil {
		edit(&s)
	}
	return s
}

func binary(path string, list ...Slice) Subject {
	return Subject{Kind: Binary, Paths: []string{"build/" + path}, Inside: []string{path}, Slices: list}
}

func side(list ...Subject) Side { return Side{Subjects: list, Full: true} }

// said returns what a result tells, a line for each change.
func said(r *Result) []string {
	var out []string
	for _, c := range r.Changes {
		out = append(out, fmt.Sprintf("%s %s: %s", c.Direction, strings.Join(c.Archs, ","), c.Message))
	}
	for _, u := range r.FromUnread {
		out = append(out, "old "+u.Path+": "+u.Message)
	}
	for _, u := range r.ToUnread {
		out = append(out, "new "+u.Path+": "+u.Message)
	}
	return append(out, r.NotCompared...)
}

func claims(pairs ...any) func(*Slice) {
	return func(s *Slice) {
		s.Claims = nil
		for i := 0; i < len(pairs); i += 2 {
			s.Claims = append(s.Claims, Claim{Entitlement: pairs[i].(string), Value: pairs[i+1].(entitlement.Value)})
		}
	}
}

func TestWhatAChangeOfASliceComesTo(t *testing.T) {
	yes, no := entitlement.Bool(true), entitlement.Bool(false)
	list := func(s ...string) entitlement.Value {
		v := entitlement.Value{Kind: entitlement.Array}
		for _, e := range s {
			v.Array = append(v.Array, entitlement.Str(e))
		}
		return v
	}
	adHoc := func(id string) func(*Slice) {
		return func(s *Slice) {
			s.Signing, s.Flags, s.Identifier, s.Team = "adhoc", s.Flags|codesign.FlagAdhoc, id, ""
			s.Authenticated, s.Signer, s.SignerKind, s.Timestamp = false, "", "", false
		}
	}
	other := "cdhash H\"00\""
	for _, c := range []struct {
		name     string
		was, is  func(*Slice)
		want     []string
		backward []string // the other way around; nil: not looked at
	}{
		{"nothing", nil, nil, nil, nil},
		{"an entitlement is added", claims(), claims(jit, yes), []string{"looser arm64: " + jit + ": true, was not claimed"}, []string{"stricter arm64: " + jit + ": not claimed, was true"}},
		{"one that is false grants nothing", claims(), claims(jit, no), []string{"neutral arm64: " + jit + ": false, was not claimed"}, []string{"neutral arm64: " + jit + ": not claimed, was false"}},
		{"one becomes true", claims(jit, no), claims(jit, yes), []string{"looser arm64: " + jit + ": true, was false"}, []string{"stricter arm64: " + jit + ": false, was true"}},
		{"the sandbox is taken away, which protects", claims(sandbox, yes), claims(), []string{"looser arm64: " + sandbox + ": not claimed, was true"}, []string{"stricter arm64: " + sandbox + ": true, was not claimed"}},
		{"one that nobody knows is added", claims(), claims("a.b", entitlement.Str("x")), []string{`looser arm64: a.b: "x", was not claimed`}, nil},
		{"a list gets longer", claims(groups, list("a")), claims(groups, list("b", "a")), []string{`looser arm64: ` + groups + `: ["b", "a"], was ["a"]`}, []string{`stricter arm64: ` + groups + `: ["a"], was ["b", "a"]`}},
		{"a list has something else", claims(groups, list("a")), claims(groups, list("b")), []string{`looser arm64: ` + groups + `: ["b"], was ["a"]`}, []string{`looser arm64: ` + groups + `: ["a"], was ["b"]`}},
		{"a list is in another order", claims(groups, list("a", "b")), claims(groups, list("b", "a")), []string{`neutral arm64: ` + groups + `: ["b", "a"], was ["a", "b"]`}, nil},
		{"a value is another one", claims(keychain, entitlement.Str("a")), claims(keychain, entitlement.Str("b")), []string{`looser arm64: ` + keychain + `: "b", was "a"`}, nil},
		{"an integer is no string", claims(keychain, entitlement.Str("1")), claims(keychain, entitlement.Int(1)), []string{`looser arm64: ` + keychain + `: 1, was "1"`}, nil},
		{"a value is not clear any more", claims(jit, no), claims(jit, entitlement.Value{}), []string{"looser arm64: " + jit + ": (unclear), was false"}, nil},
		{"a value is clear in neither", claims(jit, entitlement.Value{}), claims(jit, entitlement.Value{}), []string{"new build/App: the value of " + jit + " is not clear, so that it cannot be compared"}, nil},
		{"the hardened runtime is turned off", nil, func(s *Slice) { s.Flags, s.Runtime = 0, "" }, []string{"looser arm64: the hardened runtime is off, was on"}, []string{"stricter arm64: the hardened runtime is on, was off"}},
		{"the hardened runtime is older", nil, func(s *Slice) { s.Runtime = "14.4.9" }, []string{"looser arm64: the hardened runtime is that of 14.4.9, was 14.5"}, []string{"stricter arm64: the hardened runtime is that of 14.5, was 14.4.9"}},
		{"library validation is set", nil, func(s *Slice) { s.Flags |= codesign.FlagLibraryValidation }, []string{"stricter arm64: the flag library-validation is set, was not"}, []string{"looser arm64: the flag library-validation is not set, was set"}},
		{"debuggers are let in", nil, func(s *Slice) { s.Flags |= 4 }, []string{"looser arm64: the flag get-task-allow is set, was not"}, []string{"stricter arm64: the flag get-task-allow is not set, was set"}},
		{"a flag that nobody knows is as bad either way", nil, func(s *Slice) { s.Flags |= 1 << 30 }, []string{"looser arm64: the flag 0x40000000 is set, was not"}, []string{"looser arm64: the flag 0x40000000 is not set, was set"}},
		{"another team signed", nil, func(s *Slice) { s.Team = "26QKX55P9K" }, []string{"looser arm64: the team is 26QKX55P9K, was A1B2C3D4E5"}, nil},
		{"another identifier", nil, func(s *Slice) { s.Identifier = "com.acme.other" }, []string{"looser arm64: the identifier is com.acme.other, was com.acme.app"}, nil},
		{"what nobody signed says of itself is nothing", adHoc("a"), adHoc("b"), []string{"neutral arm64: the identifier is b, was a"}, nil},
		{
			"nobody signed it any more", nil, adHoc("com.acme.app"),
			[]string{"looser arm64: signed ad hoc, was signed with a certificate", "looser arm64: it is not proven who signed it, was proven", "looser arm64: the team is none, was A1B2C3D4E5"},
			[]string{"looser arm64: the team is A1B2C3D4E5, was none", "stricter arm64: signed with a certificate, was signed ad hoc", "stricter arm64: it is proven who signed it, was not"},
		},
		{"another kind of certificate", nil, func(s *Slice) { s.SignerKind = string(codesign.AppleDevelopment) }, []string{"looser arm64: signed with a certificate of the kind apple-development, was developer-id"}, []string{"stricter arm64: signed with a certificate of the kind developer-id, was apple-development"}},
		{"another certificate of the kind", nil, func(s *Slice) { s.Signer = "Acme 2" }, []string{"neutral arm64: signed by Acme 2, was by Developer ID Application: Acme"}, nil},
		{"no timestamp", nil, func(s *Slice) { s.Timestamp = false }, []string{"neutral arm64: there is no secure timestamp, was one"}, []string{"neutral arm64: there is a secure timestamp, was none"}},
		{"another requirement", nil, func(s *Slice) { s.Requirement = &other }, []string{`looser arm64: the designated requirement is cdhash H"00", was anchor apple generic`}, nil},
		{"a requirement that is not known", nil, func(s *Slice) { s.Requirement = nil }, []string{"designated requirements (slices: 1), which a report by an earlier version does not have"}, nil},
		{"a problem of the signature", nil, func(s *Slice) { s.Problems = []Problem{{"modified", "page 1"}, {"modified", "page 2"}} }, []string{"looser arm64: the signature has a problem that it had not, modified: page 1"}, []string{"stricter arm64: the signature has no problem of the kind modified any more"}},
		{"something unusual", nil, func(s *Slice) { s.Problems = []Problem{{"unusual", "x"}} }, []string{"neutral arm64: the signature has a problem that it had not, unusual: x"}, nil},
		{"a program becomes a library", nil, func(s *Slice) { s.Type = "dylib" }, []string{"looser arm64: the file is of type dylib, was execute"}, nil},
		{"the need for a claim is shown no more", func(s *Slice) { s.Claims[0].Evidence = "proves" }, func(s *Slice) { s.Claims[0].Evidence = "none" }, []string{"neutral arm64: what the code shows of the need for " + sandbox + ": none, was proves"}, nil},
		{"the evidence is told by one side", func(s *Slice) { s.Claims[0].Evidence = "proves" }, nil, []string{"evidence (claims: 1), which only one side tells"}, nil},
		{"it cannot be read any more", nil, func(s *Slice) { *s = Slice{Arch: "arm64", Signing: "unreadable", Unreadable: "too short"} }, []string{"new build/App: too short"}, []string{"old build/App: too short"}},
		{"it is not signed any more", nil, func(s *Slice) { *s = Slice{Arch: "arm64", Type: "execute", Signing: "unsigned"} }, []string{
			"looser arm64: " + sandbox + ": not claimed, was true", "looser arm64: the hardened runtime is off, was on",
			"looser arm64: not signed, was signed with a certificate", "looser arm64: it is not proven who signed it, was proven",
			"looser arm64: the designated requirement is none, was anchor apple generic",
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			was, is := side(binary("App", slice(c.was))), side(binary("App", slice(c.is)))
			if c.name == "it is not signed any more" {
				none := ""
				is.Subjects[0].Slices[0].Requirement = &none
			}
			if diff := cmp.Diff(c.want, said(Sides(was, is))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if c.backward == nil {
				return
			}
			if diff := cmp.Diff(c.backward, said(Sides(is, was))); diff != "" {
				t.Errorf("backward: -want +got:\n%s", diff)
			}
		})
	}
}

func TestArchitecturesAreComparedOneByOne(t *testing.T) {
	yes := entitlement.Bool(true)
	arch := func(name string, edit func(*Slice)) Slice {
		s := slice(edit)
		s.Arch = name
		return s
	}
	for _, c := range []struct {
		name    string
		was, is []Slice
		want    []string
	}{
		{
			"the same in both is told once",
			[]Slice{arch("x86_64", claims()), arch("arm64", claims())},
			[]Slice{arch("x86_64", claims(jit, yes)), arch("arm64", claims(jit, yes))},
			[]string{"looser x86_64,arm64: " + jit + ": true, was not claimed"},
		},
		{
			"one of them alone",
			[]Slice{arch("x86_64", claims()), arch("arm64", claims())},
			[]Slice{arch("arm64", claims(jit, yes)), arch("x86_64", claims())},
			[]string{"looser arm64: " + jit + ": true, was not claimed"},
		},
		{
			"a new one is compared with the first",
			[]Slice{arch("x86_64", claims())},
			[]Slice{arch("x86_64", claims()), arch("arm64", claims(jit, yes))},
			[]string{"looser arm64: " + jit + ": true, was not claimed", "neutral arm64: there is a slice for arm64, which was not there; compared with that for x86_64"},
		},
		{
			"one that is gone",
			[]Slice{arch("x86_64", nil), arch("arm64", nil)},
			[]Slice{arch("arm64", nil)},
			[]string{"stricter x86_64: there is no slice for x86_64 any more"},
		},
		{
			"the second of two for one architecture is not taken for the first",
			[]Slice{arch("arm64", claims()), arch("arm64", claims(jit, yes))},
			[]Slice{arch("arm64", claims(jit, yes)), arch("arm64", claims())},
			[]string{"looser arm64: " + jit + ": true, was not claimed", "stricter arm64: " + jit + ": not claimed, was true"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, said(Sides(side(binary("App", c.was...)), side(binary("App", c.is...))))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestWhichFileAFileWas(t *testing.T) {
	named := func(path, id string) Subject {
		return binary(path, slice(func(s *Slice) { s.Identifier = id }))
	}
	for _, c := range []struct {
		name    string
		was, is []Subject
		want    []Match
		alone   int
	}{
		{"the path", []Subject{named("A.app/a", "a"), named("A.app/b", "b")}, []Subject{named("A.app/b", "b"), named("A.app/a", "a")}, []Match{{"build/A.app/a", "build/A.app/a", ByPath}, {"build/A.app/b", "build/A.app/b", ByPath}}, 0},
		{"numbers of versions", []Subject{named("Acme-1.2/a", "a"), named("Acme-1.2/b", "b")}, []Subject{named("Acme-1.3.0-rc.1/a", "a"), named("Acme-1.3.0-rc.1/b", "b")}, []Match{{"build/Acme-1.2/a", "build/Acme-1.3.0-rc.1/a", ByVersion}, {"build/Acme-1.2/b", "build/Acme-1.3.0-rc.1/b", ByVersion}}, 0},
		{"the path before numbers of versions", []Subject{named("lib.1.dylib", "a"), named("lib.2.dylib", "b")}, []Subject{named("lib.2.dylib", "b"), named("lib.3.dylib", "c")}, []Match{{"build/lib.2.dylib", "build/lib.2.dylib", ByPath}, {"build/lib.1.dylib", "build/lib.3.dylib", ByVersion}}, 0},
		{"another first folder", []Subject{named("A.app/a", "a"), named("A.app/b", "b")}, []Subject{named("Beta.app/a", "a"), named("Beta.app/b", "b")}, []Match{{"build/A.app/a", "build/Beta.app/a", ByFolder}, {"build/A.app/b", "build/Beta.app/b", ByFolder}}, 0},
		{"the identifier", []Subject{named("bin/a", "com.acme.a"), named("bin/b", "com.acme.b")}, []Subject{named("lib/x", "com.acme.b"), named("lib/y", "com.acme.a")}, []Match{{"build/bin/b", "build/lib/x", ByIdentifier}, {"build/bin/a", "build/lib/y", ByIdentifier}}, 0},
		{"an identifier of two is a guess", []Subject{named("bin/a", "x"), named("bin/b", "x")}, []Subject{named("lib/c", "x"), named("lib/d", "x")}, nil, 4},
		{"being alone", []Subject{named("old", "x")}, []Subject{named("new", "y")}, []Match{{"build/old", "build/new", ByBeingAlone}}, 0},
		{"not alone", []Subject{named("old", "x")}, []Subject{named("new", "y"), named("other", "z")}, nil, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Sides(side(c.was...), side(c.is...))
			if diff := cmp.Diff(c.want, r.Matches); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if r.Came+r.Went != c.alone {
				t.Errorf("%d came, %d went", r.Came, r.Went)
			}
		})
	}
}

// Two artifacts of one build may have the same paths inside.
func TestArtifactsOfTheSameNameAreToldApart(t *testing.T) {
	in := func(folder string, edit func(*Slice)) Subject {
		s := binary("Acme.app/Acme", slice(edit))
		s.Paths = []string{folder + "/Acme.app/Acme"}
		return s
	}
	yes := entitlement.Bool(true)
	was := side(in("out/1.2/arm64", claims()), in("out/1.2/x64", claims(jit, yes)))
	if r := Sides(was, was); len(r.Changes) > 0 || len(r.Matches) != 2 {
		t.Errorf("%q, %v", said(r), r.Matches)
	}
	r := Sides(was, side(in("out/1.3/arm64", claims(jit, yes)), in("out/1.3/x64", claims(jit, yes))))
	if len(r.Changes) != 1 || r.Changes[0].Paths[0] != "out/1.3/arm64/Acme.app/Acme" {
		t.Errorf("%q", said(r))
	}
}

func TestCopiesAreToldOnce(t *testing.T) {
	copies := func(edit func(*Slice), paths ...string) Subject {
		s := Subject{Kind: Binary, Slices: []Slice{slice(edit)}}
		for _, p := range paths {
			s.Paths, s.Inside = append(s.Paths, "b/"+p), append(s.Inside, p)
		}
		return s
	}
	was := side(copies(claims(), "F/F", "F/A/F"))
	is := side(copies(claims(jit, entitlement.Bool(true)), "F/F", "F/A/F"))
	r := Sides(was, is)
	if len(r.Changes) != 1 || !slices.Equal(r.Changes[0].Paths, []string{"b/F/F", "b/F/A/F"}) {
		t.Errorf("%+v", r.Changes)
	}
	// One of them alone is another one now.
	is = side(copies(claims(), "F/F"), copies(claims(jit, entitlement.Bool(true)), "F/A/F"))
	r = Sides(was, is)
	if len(r.Changes) != 1 || !slices.Equal(r.Changes[0].Paths, []string{"b/F/A/F"}) {
		t.Errorf("%+v", r.Changes)
	}
}

func TestWhatIsNewMayDoMore(t *testing.T) {
	yes := entitlement.Bool(true)
	app := binary("App", slice(nil))
	for _, c := range []struct {
		name string
		new  Subject
		want []string
	}{
		{"a program", binary("helper", slice(claims(jit, yes))), []string{
			"looser arm64: " + jit + ": true, was not claimed",
			"looser arm64: is new (execute, signed with a certificate, identifier com.acme.app, team A1B2C3D4E5, hardened runtime): nothing of the old one has its path, and what has its identifier com.acme.app is not alone with it, goes with another file, or is of another type",
		}},
		{"a library that claims nothing", binary("lib", slice(func(s *Slice) { claims()(s); s.Type, s.Identifier, s.Flags = "dylib", "lib", 0 })), []string{
			"neutral arm64: is new (dylib, signed with a certificate, identifier lib, team A1B2C3D4E5): nothing of the old one has its path, nor its identifier lib",
		}},
		{"code that is not signed", binary("lib", Slice{Arch: "arm64", Type: "dylib", Signing: "unsigned"}), []string{
			"looser arm64: is new (dylib, not signed): nothing of the old one has its path",
		}},
		{"code that cannot be read", binary("lib", Slice{Arch: "arm64", Signing: "unreadable", Unreadable: "too short"}), []string{
			"looser : is new: nothing of the old one has its path", "new build/lib: too short",
		}},
		{"a source", Subject{Kind: Source, Paths: []string{"a.entitlements"}, Inside: []string{"a.entitlements"}, Slices: []Slice{{Claims: []Claim{{Entitlement: jit, Value: yes}}}}}, []string{
			"looser : " + jit + ": true, was not claimed", "neutral : is new: nothing of the old one has its path",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Sides(side(app), side(app, c.new))
			if diff := cmp.Diff(c.want, said(r)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if r.Came != 1 || r.Went != 0 {
				t.Errorf("%d came, %d went", r.Came, r.Went)
			}
		})
	}
}

func TestWhatIsNotLookedAtIsTold(t *testing.T) {
	app := binary("App", slice(nil))
	full, slots := side(app), side(app)
	slots.Full = false
	if r := Sides(slots, slots); !r.Whole() || len(r.NotCompared) != 1 {
		t.Errorf("%q", said(r))
	}
	for _, r := range []*Result{Sides(full, slots), Sides(slots, full)} {
		if r.Whole() || len(r.Changes) > 0 {
			t.Errorf("%q", said(r))
		}
	}
}

func TestRemarksAreThoseOfTheSamePlace(t *testing.T) {
	at := func(root, rest string, remarks ...Remark) Side {
		s := Side{Full: true, Subjects: []Subject{{Kind: Binary, Paths: []string{root + "Acme-" + rest + "/bin/a"}, Inside: []string{"Acme-" + rest + "/bin/a"}, Slices: []Slice{slice(nil)}}}}
		for _, r := range remarks {
			r.Path = root + "Acme-" + rest + "/" + r.Path
			s.Remarks = append(s.Remarks, r)
		}
		return s
	}
	packed, script := Remark{opaque, "x.7z", "7-Zip"}, Remark{"installer-script", "postinstall", "runs as root"}
	r := Sides(at("old/", "1.2", packed), at("new/", "1.3", packed, script))
	want := []string{"looser : installer-script is new: runs as root", "what is in new/Acme-1.3/x.7z is not read (7-Zip)"}
	if diff := cmp.Diff(want, said(r)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// any is a side of what random numbers make.
func anySide(r *rand.Rand) Side {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	s := Side{Full: true}
	for i := range r.IntN(5) {
		sub := Subject{Kind: Binary}
		for c := range 1 + r.IntN(2) {
			p := fmt.Sprintf("%s/%d/%d", pick("a", "b-1.0", "b-2.0"), i, c)
			sub.Paths, sub.Inside = append(sub.Paths, p), append(sub.Inside, p)
		}
		for _, arch := range []string{"x86_64", "arm64"}[:1+r.IntN(2)] {
			x := slice(func(s *Slice) {
				s.Arch, s.Identifier, s.Team = arch, pick("p", "q", "r"), pick("", "T")
				s.Signing, s.Type = pick("cms", "adhoc", "unsigned"), pick("execute", "dylib")
				s.Flags, s.Runtime = codesign.Flags(r.Uint32()), pick("", "10.9", "14.0")
				s.Claims = nil
			})
			for _, key := range []string{jit, sandbox, groups} {
				switch r.IntN(4) {
				case 0:
					x.Claims = append(x.Claims, Claim{Entitlement: key, Value: entitlement.Bool(r.IntN(2) == 0)})
				case 1:
					x.Claims = append(x.Claims, Claim{Entitlement: key, Value: entitlement.List(entitlement.Str(pick("a", "b")))})
				}
			}
			sub.Slices = append(sub.Slices, x)
		}
		s.Subjects = append(s.Subjects, sub)
	}
	return s
}

func TestOfAnyTwoBuilds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		a, b := anySide(r), anySide(r)
		if same := Sides(a, a); len(same.Changes)+same.Came+same.Went > 0 || !same.Whole() {
			t.Fatalf("a build differs from itself: %q", said(same))
		}
		one, other := Sides(a, b), Sides(b, a)
		if one.Came != other.Went || one.Went != other.Came || len(one.Matches) != len(other.Matches) {
			t.Fatalf("the other way around %d, %d, %d is %d, %d, %d", one.Came, one.Went, len(one.Matches), other.Went, other.Came, len(other.Matches))
		}
		// The order in which files stand says nothing.
		shuffled := a
		shuffled.Subjects = slices.Clone(a.Subjects)
		r.Shuffle(len(shuffled.Subjects), func(i, j int) {
			shuffled.Subjects[i], shuffled.Subjects[j] = shuffled.Subjects[j], shuffled.Subjects[i]
		})
		if diff := cmp.Diff(said(one), said(Sides(shuffled, b))); diff != "" {
			t.Fatalf("in another order (-one +other):\n%s", diff)
		}
		// What may do less one way around may do more the other way.
		if one.Count(policy.Stricter) > 0 && other.Count(policy.Looser) == 0 {
			t.Fatalf("%q, and the other way around %q", said(one), said(other))
		}
		// A claim that some slice got is told.
		for _, c := range one.Changes {
			if c.Subject == "entitlement" && (c.Entitlement == "" || c.Title == "" || c.Risk == "" || !slices.Contains(Subjects(), c.Subject)) {
				t.Fatalf("%+v", c)
			}
		}
	}
}
