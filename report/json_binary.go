package report

import (
	"time"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/macho"
)

type jsonBinary struct {
	jsonFile
	Slices []jsonSlice `json:"slices"`
	Claims []jsonClaim `json:"claims"`
}

// jsonFile is what a binary is as a file.
type jsonFile struct {
	Paths     []string      `json:"paths"`
	Inside    []string      `json:"inside"`
	Bundle    *jsonBundle   `json:"bundle,omitempty"`
	Main      bool          `json:"main"`
	Ticket    *bool         `json:"stapled_ticket,omitempty"`
	Profile   *jsonProfile  `json:"profile,omitempty"`
	Size      int64         `json:"size"`
	Fat       bool          `json:"fat"`
	Anomalies []jsonAnomaly `json:"anomalies"`
}

type jsonBundle struct {
	Path string `json:"path"`
	Kind string `json:"kind"`
	jsonInfo
}

// jsonInfo is what an Info.plist says.
type jsonInfo struct {
	Identifier   string `json:"identifier"`
	Version      string `json:"version"`
	ShortVersion string `json:"short_version"`
}

type jsonAnomaly struct {
	Kind   macho.AnomalyKind `json:"kind"`
	Detail string            `json:"detail"`
}

func binaryJSON(b check.BinaryReport) jsonBinary {
	out := jsonBinary{jsonFile: fileJSON(b.Binary), Slices: []jsonSlice{}, Claims: claimsJSON(b.Claims)}
	for _, s := range b.Slices {
		slice := jsonSlice{jsonImage: imageJSON(s)}
		if s.Signature != nil {
			signature := signatureJSON(s.Signature)
			slice.Signature = &signature
		}
		out.Slices = append(out.Slices, slice)
	}
	return out
}

func fileJSON(b check.Binary) jsonFile {
	out := jsonFile{
		Paths: list(b.Paths), Inside: list(b.Inside), Main: b.Main, Size: b.Size, Fat: b.Fat,
		Anomalies: anomaliesJSON(b.Anomalies), Ticket: ticket(b),
	}
	if b.Bundle != nil {
		out.Bundle = &jsonBundle{b.Bundle.Path, b.Bundle.Kind, jsonInfo(b.Bundle.Info)}
	}
	out.Profile = profileJSON(b.Provisioning)
	return out
}

func anomaliesJSON(anomalies []macho.Anomaly) []jsonAnomaly {
	out := []jsonAnomaly{}
	for _, a := range anomalies {
		out = append(out, jsonAnomaly{a.Kind, a.Detail})
	}
	return out
}

// jsonSlice is what a slice is, with what it is signed with.
type jsonSlice struct {
	jsonImage
	Signature *jsonSignature `json:"signature,omitempty"`
}

// jsonImage is what a slice is as a Mach-O image.
type jsonImage struct {
	Arch           string           `json:"arch"`
	Type           string           `json:"type,omitempty"`
	Builds         []jsonBuild      `json:"builds"`
	Error          string           `json:"error,omitempty"`
	Anomalies      []jsonAnomaly    `json:"anomalies"`
	Signing        string           `json:"signing"`
	SignatureError string           `json:"signature_error,omitempty"`
	InfoPlist      codesign.Binding `json:"info_plist,omitempty"`
	Info           *jsonInfo        `json:"info,omitempty"`
}

type jsonBuild struct {
	Platform string `json:"platform"`
	MinOS    string `json:"min_os"`
	SDK      string `json:"sdk"`
}

func imageJSON(s check.Slice) jsonImage {
	out := jsonImage{
		Arch: s.Arch, Builds: []jsonBuild{}, Anomalies: anomaliesJSON(s.Anomalies),
		Signing: signing(s), InfoPlist: s.InfoPlist,
	}
	if s.Err != nil {
		out.Error = s.Err.Error()
		return out
	}
	out.Type = s.TypeName()
	if s.Info != nil {
		info := jsonInfo(*s.Info)
		out.Info = &info
	}
	if s.SignatureErr != nil {
		out.SignatureError = s.SignatureErr.Error()
	}
	for _, b := range s.Builds {
		out.Builds = append(out.Builds, jsonBuild(b))
	}
	return out
}

// jsonSignature is what the CodeDirectory that the kernel obeys says.
type jsonSignature struct {
	Identifier     string        `json:"identifier"`
	TeamID         string        `json:"team_id,omitempty"`
	Flags          jsonFlags     `json:"flags"`
	RuntimeVersion string        `json:"runtime_version,omitempty"`
	CDHash         string        `json:"cdhash"`
	HashTypes      []string      `json:"hash_types"`
	Requirement    *string       `json:"requirement,omitempty"` // nil in reports of earlier versions
	Problems       []jsonProblem `json:"problems"`

	Authenticated  bool                `json:"authenticated"`
	Authentication *jsonAuthentication `json:"authentication,omitempty"`
}

// jsonAuthentication is what the CMS proves.
type jsonAuthentication struct {
	Signer      string              `json:"signer"`
	Kind        codesign.SignerKind `json:"kind,omitempty"`
	TeamID      string              `json:"team_id,omitempty"`
	Chain       []string            `json:"chain"`
	Timestamp   string              `json:"timestamp,omitempty"`
	SigningTime string              `json:"signing_time,omitempty"`
	Problems    []jsonProblem       `json:"problems"`
}

func authenticationJSON(a *codesign.Authentication) *jsonAuthentication {
	if a == nil {
		return nil
	}
	return &jsonAuthentication{
		Signer: a.Signer, Kind: a.Kind, TeamID: a.TeamID, Chain: list(a.Chain),
		Timestamp: rfc3339(a.Timestamp), SigningTime: rfc3339(a.SigningTime), Problems: problemsJSON(a.Problems),
	}
}

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func problemsJSON(problems []codesign.Problem) []jsonProblem {
	out := []jsonProblem{}
	for _, p := range problems {
		out = append(out, jsonProblem{p.Kind, p.Slot, p.Detail})
	}
	return out
}

type jsonFlags struct {
	Value uint32   `json:"value"`
	Names []string `json:"names"`
}

type jsonProblem struct {
	Kind   codesign.ProblemKind `json:"kind"`
	Slot   uint32               `json:"slot"`
	Detail string               `json:"detail"`
}

func signatureJSON(s *codesign.Signature) jsonSignature {
	d := s.Directory()
	out := jsonSignature{
		Identifier: d.Identifier, TeamID: d.TeamID, Flags: flagsJSON(d.Flags), RuntimeVersion: d.Runtime,
		CDHash: d.CDHash, HashTypes: []string{}, Problems: problemsJSON(s.Problems),
		Authenticated: s.Authenticated(), Authentication: authenticationJSON(s.Authentication),
	}
	designated, _ := s.Requirements.Designated()
	out.Requirement = &designated.Text
	for _, d := range s.Directories {
		out.HashTypes = append(out.HashTypes, d.HashType.String())
	}
	return out
}

func flagsJSON(f codesign.Flags) jsonFlags { return jsonFlags{uint32(f), list(f.Names())} }
