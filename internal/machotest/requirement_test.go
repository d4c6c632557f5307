package machotest_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

// The content of Apple's marker OIDs, 1.2.840.113635.100.6.*.
const (
	appStore      = "\x2a\x86\x48\x86\xf7\x63\x64\x06\x01\x09"
	developerID   = "\x2a\x86\x48\x86\xf7\x63\x64\x06\x01\x0d"
	developerIDCA = "\x2a\x86\x48\x86\xf7\x63\x64\x06\x02\x06"
)

// What codesign wrote into node 22.23.2 and terminal-notifier 1.2.1.
func TestRequirementsAreThoseOfRealSignatures(t *testing.T) {
	op := machotest.Operation
	and := func(left, right []byte) []byte { return op(6, left, right) }
	for name, row := range map[string]struct {
		designated []byte
		want       string
	}{
		"operations that group to the right": {
			and(op(2, "node"), and(op(15), and(op(14, 1, developerIDCA, op(0)),
				and(op(14, 0, developerID, op(0)), op(11, 0, "subject.OU", op(1, "HX7739G8FX")))))),
			`fade0c01 000000a4 00000001 00000003 00000014 fade0c00 00000090 00000001
			00000006 00000002 00000004 6e6f6465 00000006 0000000f
			00000006 0000000e 00000001 0000000a 2a864886f763640602060000 00000000
			00000006 0000000e 00000000 0000000a 2a864886f7636406010d0000 00000000
			0000000b 00000000 0000000a 7375626a6563742e4f550000 00000001 0000000a 485837373339473846580000`,
		},
		"operations that group to the left, as a compiler has them": {
			and(and(op(15), op(2, "nl.superalloy.oss.terminal-notifier")),
				op(7, op(14, 0, appStore, op(0)), and(and(op(14, 1, developerIDCA, op(0)), op(14, 0, developerID, op(0))),
					op(11, 0, "subject.OU", op(1, "QNEGD373G7"))))),
			`fade0c01 000000e4 00000001 00000003 00000014 fade0c00 000000d0 00000001
			00000006 00000006 0000000f 00000002 00000023
			6e6c2e7375706572616c6c6f792e6f73732e7465726d696e616c2d6e6f74696669657200
			00000007 0000000e 00000000 0000000a 2a864886f763640601090000 00000000
			00000006 00000006 0000000e 00000001 0000000a 2a864886f763640602060000 00000000
			0000000e 00000000 0000000a 2a864886f7636406010d0000 00000000
			0000000b 00000000 0000000a 7375626a6563742e4f550000 00000001 0000000a 514e45474433373347370000`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			payload := machotest.Requirements(map[uint32][]byte{machotest.DesignatedRequirement: row.designated})
			want := strings.Join(strings.Fields(row.want), "")
			if diff := cmp.Diff(want, hex.EncodeToString(machotest.RequirementsBlob(payload))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
