package main

import (
	"crypto/x509"
	"errors"
	"os"
	"strings"

	"github.com/anchore/quill/quill/extract"
	"github.com/anchore/quill/quill/pki/apple"
	gomacho "github.com/blacktop/go-macho"
	"github.com/sassoftware/relic/v8/lib/fruit/machos"
)

// readGoMacho reads entitlements as the documentation of go-macho shows.
func readGoMacho(name string) (func() error, error) {
	return func() error {
		m, err := gomacho.Open(name)
		if err != nil {
			return err
		}
		defer m.Close()
		if sig := m.CodeSignature(); sig == nil || sig.Entitlements == "" {
			return errors.New("no entitlements")
		}
		return nil
	}, nil
}

// describeQuill reads and verifies as quill describe does, short of the text. Of
// chains quill knows the roots of the system alone, and not Apple's critical
// extensions: it has an error of crypto/x509 for each genuine signature, which
// counts for nothing here.
func describeQuill(name string) (func() error, error) {
	return func() error {
		files, err := extract.NewFile(name)
		if err != nil {
			return err
		}
		d := extract.ParseDetails(*files[0])
		if d.SuperBlob == nil || len(d.SuperBlob.Signatures) == 0 || d.SuperBlob.Entitlements == nil {
			return errors.New("no signature or no entitlements")
		}
		cms := d.SuperBlob.Signatures[0].CMSValidation
		if !cms.IsValid && !strings.HasPrefix(cms.ErrorMessage, "x509: ") {
			return errors.New(cms.ErrorMessage)
		}
		return nil
	}, nil
}

// verifyRelic verifies as relic verify --cert does. The roots are those that quill
// embeds, Apple's: relic has none.
func verifyRelic(name string) (func() error, error) {
	roots := x509.NewCertPool()
	for _, pem := range apple.GetEmbeddedCertStore().RootPEMs() {
		roots.AppendCertsFromPEM(pem)
	}
	return func() error {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		sig, err := machos.Verify(f, nil, nil, false)
		if err != nil {
			return err
		}
		return sig.Signature.VerifyChain(roots, nil, x509.ExtKeyUsageAny)
	}, nil
}
