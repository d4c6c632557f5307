package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/blacktop/go-macho/types"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/macho"
	"github.com/codewarrant/codewarrant/policy"
)

// BenchmarkEvaluate holds slices against exceptions: up to 5,000 against 2,000. Each
// slice makes one claim, which one exception of its own is for unless the name says
// something else. Where a run costs as much as slices and exceptions together, four
// times as many of both take four times as long, and not sixteen times; where all cover
// each slice, there is no way around looking at all.
func BenchmarkEvaluate(b *testing.B) {
	for _, kind := range []struct {
		name     string
		distinct bool   // each exception is for an entitlement of its own
		scope    string // of the exception; %d is its number
	}{
		{"each for its entitlement", true, `path: "Helper-%d.app/**"`},
		{"by path", false, `path: "Acme.app/Contents/*/Helper-%d.app/**"`},
		{"by identifier", false, `identifier: com.acme.helper-%d`},
		{"by identifier of one team", false, `identifier: com.acme.helper-%d, team-id: A1B2C3D4E5`},
		{"by cdhash", false, `cdhash: "%040d"`},
		{"by a part of a name", false, `path: "*elper*-%d.app/**"`},
		{"none covers", false, `path: "Helper-%d.app/**", identifier: another`},
		{"all cover", false, `team-id: A1B2C3D4E5, arch: [arm64, "%d"]`},
	} {
		for _, times := range []int{1, 2, 4} {
			exceptions, slices := 500*times, 1250*times
			b.Run(fmt.Sprintf("%s/%d×%d", kind.name, exceptions, slices), func(b *testing.B) {
				in := manyExceptions(b, exceptions, slices, kind.distinct, kind.scope)
				b.ReportAllocs()
				for b.Loop() {
					check.Evaluate(in)
				}
			})
		}
	}
}

func manyExceptions(tb testing.TB, exceptions, slices int, distinct bool, scope string) check.Input {
	tb.Helper()
	key := func(i int) string {
		if distinct {
			return fmt.Sprintf("com.acme.entitlement-%d", i)
		}
		return jit
	}
	var src strings.Builder
	src.WriteString("version: 1\nexceptions:")
	for i := range exceptions {
		src.WriteString(complete(fmt.Sprintf("EXC-%d", i), key(i), fmt.Sprintf(scope, i)))
	}
	p, err := policy.Parse("codewarrant.yml", []byte(src.String()))
	if err != nil {
		tb.Fatal(err)
	}
	at, err := policy.ParseDate("2026-11-23")
	if err != nil {
		tb.Fatal(err)
	}
	in := check.Input{Policy: p, Stage: &p.Stages[0], At: at}
	for i := range slices {
		n := i % exceptions
		d := codesign.Directory{
			Identifier: fmt.Sprintf("com.acme.helper-%d", n), TeamID: "A1B2C3D4E5", CDHash: fmt.Sprintf("%040d", n),
			Flags: codesign.FlagRuntime, HashType: codesign.SHA256,
		}
		s := check.Slice{Slice: macho.Slice{Arch: "arm64", Type: types.MH_EXECUTE}}
		s.Signature = &codesign.Signature{
			Directories: []codesign.Directory{d}, CMSSize: 1,
			Authentication: &codesign.Authentication{Kind: codesign.DeveloperID, TeamID: d.TeamID},
		}
		s.Signature.Claims.Set = entitlement.Set{key(n): entitlement.Bool(true)}
		path := fmt.Sprintf("%d/Acme.app/Contents/Helpers/Helper-%d.app/Contents/MacOS/Helper", i, n)
		in.Binaries = append(in.Binaries, check.Binary{Paths: []string{path}, Inside: []string{path}, Slices: []check.Slice{s}})
	}
	return in
}
