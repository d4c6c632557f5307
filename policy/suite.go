package policy

import "github.com/codewarrant/codewarrant/entitlement"

// Suite is a file of cases that a policy is held against, so that it is developed as
// code is.
type Suite struct {
	Name   string // of the file, as named by the caller
	Policy string // a file beside this one, or preset:NAME; empty: not said
	Cases  []Case
}

// Case is some code, and what the policy is expected to say of it.
type Case struct {
	Name   string
	Given  Given
	Expect Expectation

	Position Position
}

// Given is the code of a case, when and how it is judged. ParseSuite fills in what
// is not given.
type Given struct {
	Entitlements entitlement.Set
	Path         string // inside of the artifact; default program
	Identifier   string
	TeamID       string
	Arch         string // default arm64
	Type         string // of [Types]; default execute
	BundleKind   string // of [BundleKinds]; empty: outside of bundles
	Version      string // of the bundle, vouched for by the signature
	CDHash       string

	Signed          string // one of [Words].Signed; default the first of them
	SecureTimestamp bool   // by the signer; default true
	HardenedRuntime bool   // default true
	RuntimeVersion  string

	Stage string // default release
	At    Date   // zero: the day of the run

	Fields map[string]Position // of each key that is given, by its name in YAML
}

// Expectation is what a case expects; what is not given is not looked at.
type Expectation struct {
	Result   string            // one of [Words].Results, or empty
	Findings []ExpectedFinding // all that there are, where IsExact
	IsExact  bool              // whether findings are given; there may be none
	Verdicts []ExpectedVerdict
}

// ExpectedFinding is a finding, of which empty fields may have any value.
type ExpectedFinding struct {
	Rule        string
	Entitlement string
	Level       Level
	Exception   string // the id

	Position Position
}

// ExpectedVerdict is the verdict on a claim.
type ExpectedVerdict struct {
	Entitlement string
	Verdict     string
	Exception   string // the id of the one that approves; empty: any

	Position Position
}

// Words are those that a suite takes from who evaluates it.
type Words struct {
	Rules, Verdicts, Results, Signed []string
}
