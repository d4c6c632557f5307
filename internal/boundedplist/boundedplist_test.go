package boundedplist

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"howett.net/plist"
)

const (
	head = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
`
	open = head + `<plist version="1.0">`
	shut = "</plist>\n"
)

// everything is a value of each kind that both formats can hold.
func everything() map[string]any {
	return map[string]any{
		"array":  []any{"a", uint64(1), int64(-1), true, false},
		"data":   []byte{0, 1, 2},
		"date":   time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC),
		"dict":   map[string]any{"empty": map[string]any{}, "<&>": "", "ключ": "значение"},
		"real":   1.5,
		"string": "ASCII",
		"large":  uint64(1 << 40),
		"UID":    plist.UID(300),
		"long":   strings.Repeat("x", 300),
	}
}

func marshal(t testing.TB, v any, format int) []byte {
	t.Helper()
	b, err := plist.Marshal(v, format)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestUnmarshalReadsWhatIsWellFormed(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   string
		want any
	}{
		{"every kind of value in XML", string(marshal(t, everything(), plist.XMLFormat)), everything()},
		{"every kind of value in binary", string(marshal(t, everything(), plist.BinaryFormat)), everything()},
		{"a byte order mark and space before the declaration", "\xef\xbb\xbf\n " + open + "<true/>" + shut, true},
		{"no declaration and no DOCTYPE", "<plist><false/></plist>", false},
		{"comments between elements", open + "<!-- > - a --><dict><!--b--><key>k</key><!-- --><string/></dict>" + shut, map[string]any{"k": ""}},
		{"a CDATA section in a string", open + "<string>a<![CDATA[<b>]]>c</string>" + shut, "a<b>c"},
		{"entities", open + "<string>&lt;&amp;&#65;</string>" + shut, "<&A"},
		{"attributes and space inside tags", open + `<string xml:space="a>b" >x</string >` + shut, "x"},
		{
			"the same key in different dictionaries", open + "<array><dict><key>k</key><true/></dict><dict><key>k</key><true/></dict></array>" + shut,
			[]any{map[string]any{"k": true}, map[string]any{"k": true}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got any
			err := Unmarshal([]byte(tt.in), &got)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnmarshalReadsDepthAtTheBound(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []byte
		want int
	}{
		{"in XML, where plist is a level", []byte(open + strings.Repeat("<array>", maxDepth-1) + strings.Repeat("</array>", maxDepth-1) + shut), maxDepth - 1},
		{"in binary", chain(maxDepth - 1), maxDepth},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var v any
			if err := Unmarshal(tt.in, &v); err != nil {
				t.Fatal(err)
			}
			if _, depth := measure(v); depth != tt.want {
				t.Errorf("depth %d, want %d", depth, tt.want)
			}
		})
	}
}

func TestUnmarshalRefusesOtherFormats(t *testing.T) {
	for _, tt := range []struct{ name, in string }{
		{"nothing", ""},
		{"space", " \n"},
		{"a byte order mark alone", "\xef\xbb\xbf"},
		{"a bare word, which OpenStep takes as a string", "word"},
		{"an OpenStep dictionary", "{ a = b; }"},
		{"OpenStep strings", "a = b;"},
		{"OpenStep data", "<0102>"},
		{"a GNUstep number", "<*I5>"},
		{"text before the markup", "x " + open + "<true/>" + shut},
		{"UTF-16", "\xff\xfe<\x00p\x00"},
		{"text that is not UTF-8", open + "<string>\xff</string>" + shut},
		{"another encoding", `<?xml version="1.0" encoding="UTF-7"?><plist><true/></plist>`},
		{"XML of another kind", "<html></html>"},
		{"a value without plist", head + "<dict></dict>"},
		{"the magic alone", "bplist00"},
		{"another binary version", "bplist15" + strings.Repeat("\x00", 64)},
		{"more than MaxSize", open + "<string>" + strings.Repeat("x", MaxSize) + "</string>" + shut},
	} {
		t.Run(tt.name, func(t *testing.T) { refused(t, []byte(tt.in)) })
	}
}

func refused(t *testing.T, b []byte) {
	t.Helper()
	var v any
	if err := Unmarshal(b, &v); err == nil {
		t.Fatalf("no error, value %.100v", v)
	} else if len(err.Error()) > 300 {
		t.Errorf("error of %d bytes", len(err.Error()))
	}
	if v != nil {
		t.Errorf("value %.100v was set", v)
	}
}

func TestUnmarshalRefusesAmbiguousXML(t *testing.T) {
	for _, tt := range []struct{ name, in string }{
		{"an empty plist", open + shut},
		{"a plist without content", head + "<plist/>"},
		{"two values", open + "<true/><true/>" + shut},
		{"two plists", open + "<true/>" + shut + "<plist><true/></plist>"},
		{"text after the plist", open + "<true/>" + shut + "x"},
		{"a missing end", open + "<dict>"},
		{"an end that does not match", open + "<dict></array>" + shut},
		{"an end too many", open + "<true/>" + shut + "</plist>"},
		{"a key without a value", open + "<dict><key>a</key></dict>" + shut},
		{"two keys in a row", open + "<dict><key>a</key><key>b</key></dict>" + shut},
		{"a value without a key", open + "<dict><true/></dict>" + shut},
		{"a key in an array", open + "<array><key>a</key></array>" + shut},
		{"a key alone", open + "<key>a</key>" + shut},
		{"text between elements", open + "<dict>x</dict>" + shut},
		{"text in true", open + "<true>x</true>" + shut},
		{"an element in a string", open + "<string><true/></string>" + shut},
		{"a comment in a key", open + "<dict><key>a<!-- b --></key><true/></dict>" + shut},
		{"a duplicate key", open + "<dict><key>a</key><true/><key>a</key><false/></dict>" + shut},
		{"a duplicate key behind an entity", open + "<dict><key>&lt;</key><true/><key><![CDATA[<]]></key><false/></dict>" + shut},
		{"a duplicate key behind a named entity", open + "<dict><key>&gt;</key><true/><key>></key><false/></dict>" + shut},
		{"a duplicate key behind a character reference", open + "<dict><key>a</key><true/><key>&#97;</key><false/></dict>" + shut},
		{"two empty keys", open + "<dict><key/><true/><key></key><false/></dict>" + shut},
		{"a namespaced element", open + "<x:true/>" + shut},
		{"an unknown element", open + "<set/>" + shut},
		{"an internal DTD subset", `<!DOCTYPE plist [<!ENTITY a "b">]><plist><true/></plist>`},
		{"a DOCTYPE with > in quotes", `<!DOCTYPE plist ">"><plist><true/></plist>`},
		{"a DOCTYPE inside", "<plist><!DOCTYPE plist><true/></plist>"},
		{"a processing instruction", open + "<?php x ?><true/>" + shut},
		{"a comment of nothing", open + "<!----><true/>" + shut},
		{"a comment that ends at once", open + "<!--><true/><!-- -->" + shut},
		{"a comment with two hyphens", open + "<!-- a--b --><true/>" + shut},
		{"a comment that ends in three hyphens", open + "<!-- a ---><true/>" + shut},
		{"a comment without an end", open + "<!-- <true/>" + shut},
		{"a tag without an end", open + "<true"},
		{"an unknown entity", open + "<string>&nbsp;</string>" + shut},
		{"a number that is none", open + "<integer>x</integer>" + shut},
		{"an integer of 65 bits", open + "<integer>18446744073709551616</integer>" + shut},
		{"data that is not base64", open + "<data>!</data>" + shut},
		{"a date that is none", open + "<date>today</date>" + shut},
		{"a key longer than maxKey", open + "<dict><key>" + strings.Repeat("k", maxKey+1) + "</key><true/></dict>" + shut},
	} {
		t.Run(tt.name, func(t *testing.T) { refused(t, []byte(tt.in)) })
	}
}

func TestUnmarshalRefusesXMLBombs(t *testing.T) {
	for _, tt := range []struct{ name, in string }{
		{"depth one past the bound", open + strings.Repeat("<array>", maxDepth) + strings.Repeat("</array>", maxDepth) + shut},
		{"half a million nested levels", open + strings.Repeat("<array>", MaxSize/8)},
		{"more values than maxObjects", open + "<array>" + strings.Repeat("<true/>", maxObjects) + "</array>" + shut},
		{"more dictionaries than maxDicts", open + "<array>" + strings.Repeat("<dict/>", maxDicts+1) + "</array>" + shut},
		{"a tag of a million attributes", open + "<true " + strings.Repeat("a='' ", MaxSize/8) + "/>" + shut},
	} {
		t.Run(tt.name, func(t *testing.T) {
			refused(t, []byte(tt.in))
			// Not one copy of the input is made before it is refused.
			if got := allocated([]byte(tt.in)); got > 2<<20 {
				t.Errorf("allocated %d bytes", got)
			}
		})
	}
}

// allocated returns how many bytes reading b takes.
func allocated(b []byte) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var v any
	_ = Unmarshal(b, &v)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// build makes a binary property list of objects, all references one byte wide.
func build(objects ...string) []byte {
	b := []byte(binaryHeader)
	var offsets []int
	for _, o := range objects {
		offsets = append(offsets, len(b))
		b = append(b, o...)
	}
	return finish(b, 1, 0, offsets...)
}

// finish adds the offset table and the trailer to objects that stand already.
func finish(b []byte, refLen byte, top uint64, offsets ...int) []byte {
	table := len(b)
	for _, o := range offsets {
		b = binary.BigEndian.AppendUint32(b, uint32(o))
	}
	b = append(b, 0, 0, 0, 0, 0, 0, 4, refLen)
	b = binary.BigEndian.AppendUint64(b, uint64(len(offsets)))
	b = binary.BigEndian.AppendUint64(b, top)
	return binary.BigEndian.AppendUint64(b, uint64(table))
}

// patch returns b with the byte at, counted from the end, set to c.
func patch(b []byte, at int, c byte) []byte {
	b = bytes.Clone(b)
	b[len(b)-at] = c
	return b
}

// shared is an array of fan references to an array of fan references …
func shared(levels, fan int) []byte {
	var objects []string
	for i := range levels {
		objects = append(objects, string([]byte{0xa0 | byte(fan)})+strings.Repeat(string([]byte{byte(i + 1)}), fan))
	}
	return build(append(objects, "\x09")...)
}

func chain(levels int) []byte {
	return shared(levels, 1)
}

func TestUnmarshalReadsBinary(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []byte
		want any
	}{
		{"the builder's own list", build("\xd2\x01\x02\x03\x04", "\x51a", "\x51b", "\x09", "\x10\x05"), map[string]any{"a": true, "b": uint64(5)}},
		{"a shared object", build("\xa2\x01\x01", "\x09"), []any{true, true}},
		{"a long count", build("\x5f\x10\x03abc"), "abc"},
		{"an integer of 128 bits", build("\x14" + strings.Repeat("\x00", 15) + "\x07"), uint64(7)},
		{"objects that nothing refers to", build("\x09", "\xff"), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got any
			if err := Unmarshal(tt.in, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnmarshalRefusesHostileBinary(t *testing.T) {
	ok := build("\xa1\x01", "\x09")
	long := append([]byte(binaryHeader), "\x5f\x11\x03\xe8"+strings.Repeat("x", 1000)+"\xaf\x11\x00\x80"...)
	for i := range 128 {
		long = append(long, byte(i))
	}
	same := make([]int, 128)
	for i := range same {
		same[i] = len(binaryHeader)
	}
	overlap := finish(long, 1, 128, append(same, len(binaryHeader)+1004)...)

	for _, tt := range []struct {
		name string
		in   []byte
	}{
		{"an array that contains itself", build("\xa1\x00")},
		{"a cycle of two", build("\xa1\x01", "\xa1\x00")},
		{"a dictionary that is its own value", build("\xd1\x01\x00", "\x51a")},
		{"two references a level, sixty levels", shared(60, 2)},
		{"fourteen references a level, five levels", shared(5, 14)},
		{"depth one past the bound", chain(maxDepth)},
		{"depth past the bound through an object seen before", build(
			append(append([]string{"\xa2\x01\x29"}, links(1, 40)...), append([]string{"\xa1\x2a"}, append(links(42, 30), "\xa1\x01")...)...)...)},
		{"a reference past the last object", build("\xa1\x07")},
		{"a top object past the last", finish([]byte(binaryHeader+"\x09"), 1, 1, 8)},
		{"a top object at 2^64-1", finish([]byte(binaryHeader+"\x09"), 1, 1<<64-1, 8)},
		{"an offset into the header", finish([]byte(binaryHeader+"\x09"), 1, 0, 7)},
		{"an offset into the offset table", finish([]byte(binaryHeader+"\x09"), 1, 0, 9)},
		{"an offset past the end", finish([]byte(binaryHeader+"\x09"), 1, 0, 1<<31)},
		{"references of no bytes", finish([]byte(binaryHeader+"\x09"), 0, 0, 8)},
		{"references of nine bytes", finish([]byte(binaryHeader+"\x09"), 9, 0, 8)},
		{"offsets of no bytes", patch(ok, 26, 0)},
		{"offsets of nine bytes", patch(ok, 26, 9)},
		{"more objects than there are", patch(ok, 17, 9)},
		{"2^63 objects", patch(ok, 24, 0x80)},
		{"no objects", patch(patch(ok, 17, 0), 1, 0x0a)},
		{"an offset table at 2^63", patch(ok, 8, 0x80)},
		{"an offset table in the header", patch(ok, 1, 0)},
		{"bytes between the table and the trailer", patch(ok, 17, 1)},
		{"a string past the objects", build("\x5fa")},
		{"a string longer than the file", build("\x5f\x13\x7f\xff\xff\xff\xff\xff\xff\xff")},
		{"a UTF-16 string whose size overflows", build("\x6f\x13\x80\x00\x00\x00\x00\x00\x00\x01ab")},
		{"an array whose size overflows", build("\xaf\x13\xff\xff\xff\xff\xff\xff\xff\xff")},
		{"a dictionary whose size overflows", build("\xdf\x13\x80\x00\x00\x00\x00\x00\x00\x00")},
		{"a count that is no integer", build("\x5f\x51a")},
		{"a count of 16 bytes", build("\x5f\x14" + strings.Repeat("\x00", 17))},
		{"a count past the objects", build("\x5f\x13\x00")},
		{"a count that is missing", build("\x5f")},
		{"an integer of 32 bytes", build("\x15" + strings.Repeat("\x00", 32))},
		{"an integer past the objects", build("\x13\x00")},
		{"a real of two bytes", build("\x21\x00\x00")},
		{"a date of four bytes", build("\x32\x00\x00\x00\x00")},
		{"a date past the objects", build("\x33\x00")},
		{"a UID of nine bytes", build("\x88" + strings.Repeat("\x00", 9))},
		{"a null", build("\x00")},
		{"a set", build("\xc1\x01", "\x09")},
		{"a key that is no string", build("\xd1\x01\x01", "\x09")},
		{"a duplicate key", build("\xd2\x01\x02\x03\x03", "\x51a", "\x51a", "\x09")},
		{"one key object twice", build("\xd2\x01\x01\x02\x02", "\x51a", "\x09")},
		{"a duplicate key in UTF-16", build("\xd2\x01\x02\x03\x03", "\x51a", "\x61\x00a", "\x09")},
		{"a thousand strings in one place", overlap},
		{"a truncated list", ok[:len(ok)-1]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			refused(t, tt.in)
			if got := allocated(tt.in); got > 256<<10 {
				t.Errorf("allocated %d bytes for a list of %d", got, len(tt.in))
			}
		})
	}
}

// links are n arrays, the first of them object first, each of which holds the
// next object.
func links(first, n int) []string {
	var objects []string
	for i := range n {
		objects = append(objects, string([]byte{0xa1, byte(first + i + 1)}))
	}
	return objects
}

func TestUnmarshalLeavesOtherTypesToTheDecoder(t *testing.T) {
	in := marshal(t, map[string]any{"CFBundleExecutable": 7}, plist.BinaryFormat)
	var v struct{ CFBundleExecutable string }
	if err := Unmarshal(in, &v); err == nil {
		t.Errorf("an integer was read into a string: %q", v.CFBundleExecutable)
	}
}

func TestUnmarshalDoesNotAliasItsInput(t *testing.T) {
	in := build("\xa2\x01\x02", "\x51a", "\x41b")
	var got any
	if err := Unmarshal(in, &got); err != nil {
		t.Fatal(err)
	}
	clear(in)
	if diff := cmp.Diff([]any{"a", []byte("b")}, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnmarshalIsBoundedOnWhatItAccepts(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []byte
	}{
		{"as many dictionaries as may be", []byte(open + "<array>" + strings.Repeat("<dict/>", maxDicts) + "</array>" + shut)},
		{"as many arrays as may be", []byte(open + "<array>" + strings.Repeat("<array/>", maxObjects-2) + "</array>" + shut)},
		{"a string of nearly MaxSize", []byte(open + "<string>" + strings.Repeat("x", MaxSize-1000) + "</string>" + shut)},
		{"a kilobyte that expands to nearly maxObjects", shared(8, 4)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var v any
			if err := Unmarshal(tt.in, &v); err != nil {
				t.Fatal(err)
			}
			// All that is ever allocated, most of it garbage by then.
			if got := allocated(tt.in); got > 96<<20 {
				t.Errorf("allocated %d bytes", got)
			}
		})
	}
}
