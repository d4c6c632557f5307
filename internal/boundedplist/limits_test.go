package boundedplist

import (
	"strings"
	"testing"
)

func TestLimitsAreThoseOfTheCaller(t *testing.T) {
	inXML := []byte(open + "<array><dict/><dict/></array>" + shut)
	inBinary := build("\xa2\x01\x02", "\xd0", "\xd0")
	most := Limits{Size: len(inXML), Objects: 4, Dicts: 2} // plist is an object of its own
	for _, tt := range []struct {
		name   string
		limits Limits
		in     []byte
		want   string // in the error, empty for none
	}{
		{"all that is there in XML", most, inXML, ""},
		{"one byte less", Limits{most.Size - 1, most.Objects, most.Dicts}, inXML, "is longer than"},
		{"one object less", Limits{most.Size, most.Objects - 1, most.Dicts}, inXML, "more than 3 objects"},
		{"one dictionary less", Limits{most.Size, most.Objects, most.Dicts - 1}, inXML, "more than 1 dictionaries"},
		{"all that is there in binary", Limits{len(inBinary), 3, 2}, inBinary, ""},
		{"one object less in binary", Limits{len(inBinary), 2, 2}, inBinary, "more than 2 objects"},
		{"one dictionary less in binary", Limits{len(inBinary), 3, 1}, inBinary, "more than 1 dictionaries"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var v any
			err := tt.limits.Unmarshal(tt.in, &v)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
