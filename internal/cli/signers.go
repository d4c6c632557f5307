package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/internal/sshsig"
	"github.com/codewarrant/codewarrant/policy"
)

// demandOf returns what the exceptions of a policy have to be signed by.
func (r policyReader) demandOf(p *policy.Policy) (approval.Demand, error) {
	if !slices.Contains(p.Approvals.Accept, policy.SignedBy) {
		return approval.Demand{}, nil
	}
	allowed, err := r.allowedSigners(p)
	return approval.Demand{Policy: p, Signers: allowed, Repository: r.repository}, err
}

// allowedSigners reads the file of those who may sign, from beside the policy that names
// it, which may be one that p extends. What is wrong with it is told as it is of a policy,
// but for the lines: whoever changes a policy names the file, which may be one with secrets.
func (r policyReader) allowedSigners(p *policy.Policy) (sshsig.AllowedSigners, error) {
	at := p.Approvals.Fields["allowed-signers"]
	file, err := p.SignersFile()
	if err != nil {
		return nil, fmt.Errorf("%s: allowed signers: %w", at, err)
	}
	src, err := r.text(p.Sources[0].Location, file)
	if err != nil {
		return nil, hinted{fmt.Errorf("%s: allowed signers: %s: %w", at, file, err), "approvals.allowed-signers names the file, relative to the policy"}
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
