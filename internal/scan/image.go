package scan

import (
	"context"

	"github.com/codewarrant/codewarrant/artifact"
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
)

// readImage reads who signed a disk image, and holds it against its own checksums where the
// signature does not hold for all of it. v verifies both; nil leaves that out.
func readImage(ctx context.Context, j job, v *codesign.Verifier) Result {
	item, i := j.item, j.item.Image
	p := check.Package{Path: item.Path, Size: item.Size, Image: true, Signed: i.Signed}
	if i.Signed {
		readImageSignature(ctx, item, v, &p)
	}
	r := Result{Packages: []check.Package{p}}
	if v == nil || p.Authenticated() {
		return r
	}
	j.wait(ctx) // what its files have unpacked is not unpacked again then
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := i.Verify(ctx); err != nil {
		r.Unread = []check.Unread{{Path: item.Path, Err: err}}
	}
	return r
}

func readImageSignature(ctx context.Context, item *artifact.Item, v *codesign.Verifier, p *check.Package) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	i := codesign.Image{Offset: item.Image.Offset, Size: item.Image.Size, Trailer: item.Image.Trailer}
	var sig *codesign.Signature
	var err error
	if v == nil {
		sig, err = codesign.ReadImage(item, i)
	} else {
		sig, err = v.ReadImage(ctx, item, i)
	}
	if err != nil {
		p.SignatureErr = err
		return
	}
	d := sig.Directory()
	p.Identifier, p.CDHash, p.AdHoc = d.Identifier, d.CDHash, d.Flags&codesign.FlagAdhoc != 0
	p.Problems, p.Authentication = sig.Problems, sig.Authentication
}
