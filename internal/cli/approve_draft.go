package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/policy"
)

// draft is a policy on the way to more signatures.
type draft struct {
	name      string            // of the file
	was, src  []byte            // its text, and with what is added to it
	exception *policy.Exception // as it stands in src, and approved today where no day is given
	undated   bool              // src gives none
	today     policy.Date
	policy    *policy.Policy // of src
	text      []byte         // that is signed
	approvals *policy.Policy // that says who may sign
}

// openDraft reads a policy whose exceptions can be signed.
func openDraft(ctx context.Context, env Env, name string, today policy.Date) (*draft, error) {
	p, err := loadPolicy(ctx, env, name)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(p.Name, policy.PresetPrefix) {
		return nil, hinted{fmt.Errorf("%s is built in and has no exceptions", p.Name), "name the policy with --policy"}
	}
	if !slices.Contains(p.Approvals.Accept, policy.SignedBy) {
		return nil, hinted{fmt.Errorf("%s accepts no signatures", p.Name), "add approvals: {accept: signed, allowed-signers: FILE}"}
	}
	d := &draft{name: p.Name, approvals: p, today: today}
	if d.was, err = readBounded(filepath.FromSlash(d.name), policy.MaxSize); err != nil {
		return nil, err
	}
	d.src = d.was
	return d, nil
}

// edited takes over what came of an edit.
func (d *draft) edited(src []byte, err error) error {
	if err != nil {
		return withSource(err, d.src)
	}
	d.src = src
	return nil
}

// read parses the source, and finds the exception in it and what is signed of it.
func (d *draft) read(id string) (err error) {
	if d.policy, err = policy.Parse(d.name, d.src); err != nil {
		return withSource(err, d.src)
	}
	i := slices.IndexFunc(d.policy.Exceptions, func(e policy.Exception) bool { return e.ID == id })
	if i < 0 {
		return d.notThere(id)
	}
	d.exception = &d.policy.Exceptions[i]
	if d.undated = d.exception.ApprovedOn.IsZero(); d.undated {
		d.exception.ApprovedOn = d.today
	}
	d.exception.Groups = d.approvals.ScopesOf(d.exception) // some may be of what it extends
	d.text, err = d.exception.Canonical()
	if errors.Is(err, policy.ErrNoPolicyID) {
		return hinted{err, "add policy-id: OWNER/REPOSITORY to " + d.name}
	}
	return err
}

func (d *draft) notThere(id string) error {
	err := fmt.Errorf("%s has no exception %q", d.name, id)
	var ids []string
	for _, e := range d.approvals.Exceptions {
		if e.ID == id {
			return hinted{err, "it stands in " + e.Position.File + ", and is signed there"}
		}
		ids = append(ids, e.ID)
	}
	return hinted{err, "its exceptions are: " + strings.Join(ids, ", ")}
}

// ready refuses what would approve nothing if it were signed, whatever is said of the
// field that is still to be written.
func (d *draft) ready(except string) error {
	var errs policy.Errors
	add := func(at policy.Position, message string) {
		errs = append(errs, &policy.ParseError{Position: at, Message: fmt.Sprintf("exception %q: %s", d.exception.ID, message)})
	}
	for _, defect := range d.policy.Defects(d.exception, d.today) {
		if defect.Field != except {
			add(defect.Position, defect.Message)
		}
	}
	if e := d.exception; e.Expired(d.today) {
		add(e.At("expires"), "expired after "+e.Expires.String())
	}
	if len(errs) == 0 {
		return nil
	}
	errs[len(errs)-1].Hint = "an exception is approved when there is nothing wrong with it"
	return invalidPolicy{Errors: errs, source: d.src}
}

// sign adds a signature and the name of whoever made it, if it counts.
func (d *draft) sign(signature []byte, principal string, demand approval.Demand) (made approval.Signature, err error) {
	e := *d.exception
	e.Signatures = append(slices.Clone(e.Signatures), string(signature))
	status := demand.One(&e)
	if status.Err != nil {
		return made, hinted{fmt.Errorf("no signature of %s counts: %w", e.ID, status.Err), status.Hint}
	}
	all := status.Signatures
	if made = all[len(all)-1]; made.Problem != "" {
		return made, hinted{fmt.Errorf("the signature does not count: signature %d %s", len(all), made.Detail), d.remedy(made.Problem)}
	}
	who, err := nameOf(made, principal)
	if err != nil {
		return made, err
	}
	if d.undated {
		if err := d.edited(policy.SetDate(d.name, d.src, e.ID, "approved-on", d.today)); err != nil {
			return made, err
		}
	}
	if !slices.Contains(e.ApprovedBy, who) {
		if err := d.edited(policy.AppendToList(d.name, d.src, e.ID, "approved-by", who)); err != nil {
			return made, err
		}
	}
	if err := d.edited(policy.AppendToList(d.name, d.src, e.ID, "signatures", string(signature))); err != nil {
		return made, err
	}
	return made, d.read(e.ID)
}

// remedy says what to do about a signature that does not count.
func (d *draft) remedy(p approval.Problem) string {
	switch p {
	case approval.UnknownKey:
		file, _ := d.approvals.SignersFile() // which was read
		return fmt.Sprintf("those who may sign are in %s, which names their keys", file)
	case approval.OtherText:
		return "sign what --dry-run prints, byte for byte, and on the day of approved-on: here " + d.exception.ApprovedOn.String()
	case approval.OtherNamespace:
		return "sign with ssh-keygen -Y sign -n " + approval.Namespace
	case approval.SameKey, approval.SamePerson:
		return "somebody else has to sign; codewarrant approvals tells who has"
	case approval.OtherPurpose, approval.NotYetValid, approval.NoLongerValid:
		return "sign with another key, or have that line changed"
	case approval.Untouched:
		return "sign with a key that has to be touched"
	}
	return "a signature is the whole file that ssh-keygen -Y sign writes, with its lines as they are"
}

// nameOf returns the principal who made a signature: the one who is named, if the lines
// that allow its key are for them, else the only one whom they are for.
func nameOf(made approval.Signature, principal string) (string, error) {
	if principal != "" {
		if !made.Is(principal) {
			return "", fmt.Errorf("--principal: the key %s is not allowed for %q", made.Fingerprint, principal)
		}
		return principal, nil
	}
	names, all := made.Names()
	if len(names) != 1 || !all {
		return "", hinted{fmt.Errorf("the key %s is allowed for more than one", made.Fingerprint), "say with --principal who signs"}
	}
	return names[0], nil
}
