package codesign

import (
	"bytes"
	"crypto/x509"
	"testing"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

func TestCertificatesAreSharedByTheirBytesAndNotByTheirName(t *testing.T) {
	one := machotest.Certificate{CommonName: "Same"}.Issue(nil).Certificate
	other := machotest.Certificate{CommonName: "Same"}.Issue(nil).Certificate
	again, err := x509.ParseCertificate(bytes.Clone(one.Raw))
	if err != nil {
		t.Fatal(err)
	}
	var c certificates
	first := c.shared([]*x509.Certificate{one, other})
	second := c.shared([]*x509.Certificate{again})
	switch {
	case !bytes.Equal(first[0].Raw, one.Raw) || !bytes.Equal(first[1].Raw, other.Raw):
		t.Error("certificates of one name are taken for each other")
	case first[0] != second[0]:
		t.Error("equal certificates are held twice")
	case &first[0].Raw[0] == &one.Raw[0]:
		t.Error("the bytes that were read are held")
	case c.shared(nil) != nil:
		t.Error("no chain became one")
	}
}
