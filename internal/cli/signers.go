package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/internal/sshsig"
	"github.com/codewarrant/codewarrant/policy"
)

// signers are those who may sign, and how many of them have to. The zero value is of a
// policy that accepts no signatures.
type signers struct {
	allowed sshsig.AllowedSigners
	needed  int
}

// signersOf returns those who may sign the exceptions of a policy.
func (r policyReader) signersOf(p *policy.Policy) (signers, error) {
	if !slices.Contains(p.Approvals.Accept, policy.SignedBy) {
		return signers{}, nil
	}
	allowed, err := r.allowedSigners(p)
	return signers{allowed, p.Approvals.Threshold}, err
}

// statuses returns what the signatures of a policy's exceptions come to, and nil where
// it accepts none.
func (s signers) statuses(p *policy.Policy) []approval.Status {
	if s.needed == 0 {
		return nil
	}
	return approval.Verify(p, s.allowed)
}

// reached reports whether as many have signed an exception as have to.
func (s signers) reached(e *policy.Exception) bool {
	return s.needed > 0 && approval.VerifyOne(e, s.needed, s.allowed).Reached()
}

// allowedSigners reads the file of those who may sign, from beside the policy that names
// it, which may be one that p extends. What is wrong with it is told as it is of a policy,
// but for the lines: whoever changes a policy names the file, which may be one with secrets.
func (r policyReader) allowedSigners(p *policy.Policy) (sshsig.AllowedSigners, error) {
	at := p.Approvals.Fields["allowed-signers"]
	i := slices.IndexFunc(p.Sources, func(s policy.Source) bool { return s.Name() == at.File })
	if i < 0 {
		return nil, fmt.Errorf("allowed signers: no policy that was read names them") // which parsing sees to
	}
	file, err := p.Sources[i].Location.Beside(p.Approvals.AllowedSigners)
	if err != nil {
		return nil, fmt.Errorf("%s: allowed signers: %w", at, err)
	}
	src, err := r.text(p.Sources[0].Location, file)
	if err != nil {
		return nil, hinted{fmt.Errorf("allowed signers: %s: %w", file, err), "approvals.allowed-signers names the file, relative to the policy"}
	}
	signers, err := sshsig.ParseAllowedSigners(file.String(), src)
	var errs sshsig.Errors
	if !errors.As(err, &errs) {
		return signers, err
	}
	var invalid invalidPolicy
	for _, e := range errs {
		invalid.Errors = append(invalid.Errors, &policy.ParseError{Position: policy.Position(e.Position), Message: e.Message, Hint: e.Hint})
	}
	return nil, invalid
}
