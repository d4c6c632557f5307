package check_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
)

// image is a disk image of team A1B2C3D4E5 that is signed with a timestamp, with those
// problems of what it covers.
func image(kind codesign.SignerKind, problems ...codesign.Problem) check.Package {
	return check.Package{
		Path: "Acme.dmg", Image: true, Signed: true, Identifier: "Acme", Problems: problems,
		Authentication: &codesign.Authentication{Kind: kind, TeamID: "A1B2C3D4E5", Timestamp: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)},
	}
}

func TestDiskImagesAreHeldAgainstTheStage(t *testing.T) {
	const all = "release: {require: [signed, valid, developer-id, secure-timestamp, not-ad-hoc], team-ids: [A1B2C3D4E5]}"
	const unmet, team, unsigned = "error unmet-requirement", "error team-not-allowed", "error unsigned"
	inner := check.Package{Path: "Acme.dmg/inner.pkg"}
	for _, row := range []struct {
		name, stage string
		packages    []check.Package
		want        []string
	}{
		{"everything, and it has that", all, []check.Package{image(codesign.DeveloperID)}, nil},
		{"everything, and it is not signed", all, []check.Package{{Path: "Acme.dmg", Image: true}}, nil},
		{"everything, and it is signed ad hoc", all, []check.Package{{Path: "Acme.dmg", Image: true, Signed: true, AdHoc: true}}, nil},
		{"developer-id, and it is for development", "release: {require: [developer-id]}", []check.Package{image(codesign.AppleDevelopment)}, []string{unmet}},
		{"apple-distribution, and it is", "release: {require: [apple-distribution]}", []check.Package{image(codesign.AppleDistribution)}, nil},
		{"another team", "release: {team-ids: [26QKX55P9K]}", []check.Package{image(codesign.DeveloperID)}, []string{team}},
		{"nothing, and it was changed", "release: {require: []}", []check.Package{image(codesign.DeveloperID, codesign.Problem{Kind: codesign.Modified})}, []string{"error modified-code"}},
		{"nothing, and its trailer was", "release: {require: []}", []check.Package{image(codesign.DeveloperID, codesign.Problem{Kind: codesign.Mismatch})}, []string{"error slot-mismatch"}},
		{"valid, and it was changed", "release: {require: [valid]}", []check.Package{image(codesign.DeveloperID, codesign.Problem{Kind: codesign.Modified})}, []string{"error modified-code", unmet}},
		{"nothing, and it cannot be read", "release: {require: []}", []check.Package{{Path: "Acme.dmg", Image: true, Signed: true, SignatureErr: errors.New("no SuperBlob")}}, []string{"error malformed-signature"}},
		{"signed, and a package in it is not", "release: {require: [signed]}", []check.Package{image(codesign.DeveloperID), inner}, []string{unsigned}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := parse(t, "version: 1\nsettings: {unlisted: allow}\nstages: {"+row.stage+"}\n")
			in := input(t, p, "release")
			in.Packages = row.packages
			if diff := cmp.Diff(row.want, lines(check.Evaluate(in))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheCodeOnADiskImageIsOfItsTeam(t *testing.T) {
	p := parse(t, "version: 1\nsettings: {unlisted: allow}\nstages: {release: {require: []}}\n")
	h := hardened()
	h.Signature.TeamID = "26QKX55P9K"
	b := binary(t, "Acme.dmg/Acme.app/Contents/MacOS/Acme", h.Bytes())
	in := input(t, p, "release", b)
	in.Packages = []check.Package{image(codesign.DeveloperID)}
	var got []string
	for _, f := range check.Evaluate(in).Findings {
		if f.Rule == check.RuleTeamsDiffer {
			got = append(got, f.Message)
		}
	}
	want := []string{"the disk image is signed by team A1B2C3D4E5, and Acme.app/Contents/MacOS/Acme by team 26QKX55P9K"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
