package check_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

// installer is a package of team A1B2C3D4E5, signed with a timestamp, unless kind is
// empty.
func installer(kind codesign.SignerKind, problems ...codesign.Problem) check.Package {
	p := check.Package{Path: "Acme.pkg", Algorithm: "sha256", Signed: true, Authentication: &codesign.Authentication{Kind: kind, TeamID: "A1B2C3D4E5", Problems: problems}}
	if kind == "" {
		p.Authentication.TeamID = ""
	}
	p.Authentication.Timestamp = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	return p
}

func TestPackagesAreHeldAgainstTheStage(t *testing.T) {
	const unmet, team, unsigned = "error unmet-requirement", "error team-not-allowed", "error unsigned"
	untrusted := codesign.Problem{Kind: codesign.UntrustedChain, Detail: "unknown authority"}
	old := installer(codesign.DeveloperIDInstaller)
	old.Authentication.Timestamp = time.Time{}
	unseen, none := check.Package{Path: "Acme.pkg", Signed: true}, check.Package{Path: "Acme.pkg"}
	inner := check.Package{Path: "Acme.pkg/Payload/inner.pkg"}
	for _, row := range []struct {
		name, stage string
		packages    []check.Package
		want        []string
	}{
		{"signed, and it is", "release: {require: [signed]}", []check.Package{installer(codesign.DeveloperIDInstaller)}, nil},
		{"signed, and it is not", "release: {require: [signed]}", []check.Package{none}, []string{unsigned}},
		{"a team, and it is not signed", "release: {team-ids: [A1B2C3D4E5]}", []check.Package{none}, []string{unsigned}},
		{"nothing, and it is not signed", "release: {require: []}", []check.Package{none}, []string{"note unsigned"}},
		{"what only code has, and it is not signed", "release: {require: [hardened-runtime, library-validation]}", []check.Package{none}, []string{"note unsigned"}},
		{"signed, and it is in one that is", "release: {require: [signed]}", []check.Package{installer(codesign.DeveloperIDInstaller), inner}, []string{"note unsigned"}},
		{"signed, and it is in one of which nothing is proven", "release: {require: [signed]}", []check.Package{installer("", untrusted), inner}, []string{"error untrusted-signer", unsigned}},
		{"signed, and it is beside one that is", "release: {require: [signed]}", []check.Package{installer(codesign.DeveloperIDInstaller), {Path: "Acme.pkg.pkg"}}, []string{unsigned}},
		{"signed, in development", "development: {require: [signed]}", []check.Package{none}, []string{"note unsigned"}},
		{"valid, in development", "development: {require: [signed, valid]}", []check.Package{none}, []string{unsigned}},
		{"valid, and it is", "release: {require: [valid]}", []check.Package{installer(codesign.MacInstaller)}, nil},
		{"valid, and it was not looked at", "release: {require: [valid]}", []check.Package{unseen}, []string{unmet}},
		{"valid, and nobody vouches for it", "release: {require: [valid]}", []check.Package{installer("", untrusted)}, []string{"error untrusted-signer", unmet}},
		{"nothing, and nobody vouches for it, in development", "development: {require: [signed]}", []check.Package{installer("", untrusted)}, []string{"note untrusted-signer"}},
		{"developer-id, and it is", "release: {require: [developer-id]}", []check.Package{installer(codesign.DeveloperIDInstaller)}, nil},
		{"developer-id, and it is for the App Store", "release: {require: [developer-id]}", []check.Package{installer(codesign.MacInstaller)}, []string{unmet}},
		{"apple-distribution, and it is", "release: {require: [apple-distribution]}", []check.Package{installer(codesign.MacInstaller)}, nil},
		{"apple-distribution, and it is Developer ID", "release: {require: [apple-distribution]}", []check.Package{installer(codesign.DeveloperIDInstaller)}, []string{unmet}},
		{"secure-timestamp, and it has one", "release: {require: [secure-timestamp]}", []check.Package{installer(codesign.DeveloperIDInstaller)}, nil},
		{"secure-timestamp, and it has none", "release: {require: [secure-timestamp]}", []check.Package{old}, []string{unmet}},
		{"not-ad-hoc, and it is signed", "release: {require: [not-ad-hoc]}", []check.Package{installer(codesign.DeveloperIDInstaller)}, nil},
		{"its team", "release: {team-ids: [A1B2C3D4E5]}", []check.Package{installer(codesign.DeveloperIDInstaller)}, nil},
		{"another team", "release: {team-ids: [26QKX55P9K]}", []check.Package{installer(codesign.DeveloperIDInstaller)}, []string{team}},
		{"a team, and nothing is proven", "release: {team-ids: [A1B2C3D4E5]}", []check.Package{unseen}, []string{team}},
		{"a team, and nothing is proven, in development", "development: {team-ids: [A1B2C3D4E5]}", []check.Package{installer("", untrusted)}, []string{"note untrusted-signer"}},
		{"another team in development", "development: {team-ids: [26QKX55P9K]}", []check.Package{installer(codesign.DeveloperIDInstaller)}, []string{team}},
		{"nothing, and it does not verify", "release: {require: []}", []check.Package{installer("", codesign.Problem{Kind: codesign.OtherSigner})}, []string{"error invalid-signature"}},
		{"nothing, and it is unusual", "release: {require: [valid]}", []check.Package{installer(codesign.DeveloperIDInstaller, codesign.Problem{Kind: codesign.Unusual})}, []string{"note unusual-signature"}},
		{"nothing, and a file is not covered", "release: {require: []}", []check.Package{{Path: "Acme.pkg", Signed: true, Uncovered: []string{"Payload"}}}, []string{"error uncovered-bytes"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := parse(t, "version: 1\nsettings: {unlisted: allow}\nstages: {"+row.stage+"}\n")
			in := input(t, p, strings.Split(row.stage, ":")[0])
			in.Packages = row.packages
			if diff := cmp.Diff(row.want, lines(check.Evaluate(in))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheCodeInAPackageIsOfItsTeam(t *testing.T) {
	of := func(path, team string) check.Binary {
		b := hardened()
		s := *b.Signature
		s.TeamID = team
		return binary(t, path, machotest.Binary{Signature: &s}.Bytes())
	}
	own, other, third := of("Acme.pkg/a", "A1B2C3D4E5"), of("Acme.pkg/b", "26QKX55P9K"), of("Acme.pkg/c", "26QKX55P9K")
	apple := of("Acme.pkg/d", "26QKX55P9K")
	apple.Slices[0].Signature.Authentication.Kind = codesign.Apple
	unproven := of("Acme.pkg/e", "26QKX55P9K")
	unproven.Slices[0].Signature.Authentication.Problems = []codesign.Problem{{Kind: codesign.BadTimestamp}}
	const by = "the package is signed by team A1B2C3D4E5, and "
	var many []check.Binary
	var told []string
	for i := range 7 {
		team := fmt.Sprintf("TEAM00000%d", i)
		many = append(many, of(fmt.Sprintf("Acme.pkg/%d", i), team))
		if i < 5 {
			told = append(told, fmt.Sprintf("warning teams-differ: %s%d by team %s", by, i, team))
		}
	}
	told[4] += ", and others by 2 more teams"
	for _, row := range []struct {
		name string
		pkg  check.Package
		code []check.Binary
		want []string
	}{
		{"all of it", installer(codesign.DeveloperIDInstaller), []check.Binary{own}, nil},
		{"some of it", installer(codesign.DeveloperIDInstaller), []check.Binary{own, other, third}, []string{"note teams-differ: " + by + "b and one more file by team 26QKX55P9K"}},
		{"none of it", installer(codesign.DeveloperIDInstaller), []check.Binary{other}, []string{"warning teams-differ: " + by + "b by team 26QKX55P9K"}},
		{"many of it", installer(codesign.DeveloperIDInstaller), many, told},
		{"what is beside it", installer(codesign.DeveloperIDInstaller), []check.Binary{of("Acme.pkgs/a", "26QKX55P9K")}, nil},
		{"what Apple signed", installer(codesign.DeveloperIDInstaller), []check.Binary{own, apple}, nil},
		{"a package of which nothing is proven", check.Package{Path: "Acme.pkg", Signed: true}, []check.Binary{other}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := input(t, parse(t, "version: 1\nsettings: {unlisted: allow}\nstages: {release: {require: []}}\n"), "release", row.code...)
			in.Packages = []check.Package{row.pkg}
			var got []string
			for _, f := range check.Evaluate(in).Findings {
				got = append(got, fmt.Sprintf("%s %s: %s", f.Level, f.Rule, f.Message))
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	in := input(t, parse(t, "version: 1\nsettings: {unlisted: allow}\nstages: {release: {require: []}}\n"), "release", unproven)
	in.Packages = []check.Package{installer(codesign.DeveloperIDInstaller)}
	if got := lines(check.Evaluate(in)); len(got) != 1 || got[0] != "error invalid-signature" {
		t.Errorf("of code of which nothing is proven: %v", got)
	}
}

func TestPreflightTellsWhatTheNotaryServiceRejectsOfAPackage(t *testing.T) {
	for _, row := range []struct {
		name     string
		packages []check.Package
		want     string
	}{
		{"nothing", []check.Package{installer(codesign.DeveloperIDInstaller), {Path: "Acme.pkg/inner.pkg"}}, ""},
		{"no signature", []check.Package{{Path: "Acme.pkg"}}, "The binary is not signed."},
		{"a certificate for the App Store", []check.Package{installer(codesign.MacInstaller)}, "The binary is not signed with a valid Developer ID certificate."},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := input(t, parse(t, "version: 1\nstages: {release: {require: []}}\n"), "release")
			in.Packages, in.Preflight = row.packages, check.Notarization
			got := ""
			for _, f := range check.Evaluate(in).Findings {
				if f.Rule == check.RuleNotNotarizable {
					got += strings.TrimPrefix(f.Message, "Apple's notary service would say of the package: ")
				}
			}
			if got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
