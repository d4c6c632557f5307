package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/internal/sshsig"
	"github.com/codewarrant/codewarrant/policy"
)

// readFile reads a file of allowed signers that is in a folder, or below it.
type readFile func(folder, name string) ([]byte, error)

// signers are those who may sign, and how many of them have to. The zero value is of a
// policy that accepts no signatures.
type signers struct {
	allowed sshsig.AllowedSigners
	needed  int
}

// signersOf returns those who may sign the exceptions of a policy.
func signersOf(p *policy.Policy, read readFile) (signers, error) {
	if !slices.Contains(p.Approvals.Accept, policy.SignedBy) {
		return signers{}, nil
	}
	allowed, err := allowedSigners(p.Approvals, read)
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

// allowedSigners reads the file of those who may sign, from the folder of the policy
// that names it. What is wrong with it is told as it is of a policy.
func allowedSigners(a policy.Approvals, read readFile) (sshsig.AllowedSigners, error) {
	folder, name := path.Dir(a.Position.File), a.AllowedSigners
	src, err := read(folder, name)
	if err != nil {
		return nil, hinted{fmt.Errorf("allowed signers: %w", err), "approvals.allowed-signers names the file, relative to the policy"}
	}
	signers, err := sshsig.ParseAllowedSigners(path.Join(folder, name), src)
	var errs sshsig.Errors
	if !errors.As(err, &errs) {
		return signers, err
	}
	invalid := invalidPolicy{source: src}
	for _, e := range errs {
		invalid.Errors = append(invalid.Errors, &policy.ParseError{Position: policy.Position(e.Position), Message: e.Message, Hint: e.Hint})
	}
	return nil, invalid
}

// readBeside reads a regular file. No link leads out of the folder.
func readBeside(folder, name string) ([]byte, error) {
	root, err := os.OpenRoot(filepath.FromSlash(folder))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	name = filepath.FromSlash(name)
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, sshsig.MaxAllowedSigners+1))
}
