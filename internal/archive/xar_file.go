package archive

import (
	"crypto/sha512"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// entry reads a file and those in it.
func (x *xarReader) entry(file xml.StartElement, dir string, depth int) error {
	if depth > maxNested {
		return fmt.Errorf("more than %d folders in each other", maxNested)
	}
	var name, kind, link, original string
	var d xarData
	told := false
	tell := func() error {
		if told {
			return nil
		}
		told = true
		switch {
		case name == "":
			return errors.New("a file without a name before what is in it")
		case strings.Contains(name, "/"):
			return Ambiguous("a file is named %.200q", name)
		case len(dir)+len(name) > maxName:
			return fmt.Errorf("a name of more than %d bytes", maxName)
		}
		e := x.typed(dir+name, kind, link, d)
		if kind == "hardlink" && original != "original" {
			return x.link(xarLink{e.Name, original, d.there})
		}
		if kind == "hardlink" {
			e = x.original(e, attribute(file, "id"))
		}
		return x.tell(e)
	}
	err := x.children(func(e xml.StartElement) (err error) {
		switch e.Name.Local {
		case "name":
			if attribute(e, "enctype") == "base64" {
				return errors.New("a name in base64, which is not read")
			}
			return x.once(&name)
		case "type":
			original = attribute(e, "link")
			return x.once(&kind)
		case "link":
			return x.once(&link)
		case "data":
			if d.there {
				return Ambiguous("a file has its contents twice")
			}
			return x.data(&d)
		case "ea":
			return x.data(&xarData{})
		case "file":
			if err := tell(); err != nil {
				return err
			}
			return x.entry(e, dir+name+"/", depth+1)
		}
		return x.skip(e)
	})
	if err != nil {
		return err
	}
	return tell()
}

func (x *xarReader) once(s *string) error {
	if *s != "" {
		return Ambiguous("a file has its name, type or link twice")
	}
	var err error
	*s, err = x.text()
	return err
}

// xarMethods are the encodings that are read. What is called gzip is zlib.
var xarMethods = map[string]Method{
	"": Stored, "application/octet-stream": Stored, "application/x-gzip": Zlib, "application/zlib": Zlib,
	"application/x-bzip2": Bzip2, "application/x-xz": XZ,
}

func (x *xarReader) typed(name, kind, link string, d xarData) Entry {
	e := Entry{Name: name}
	switch kind {
	case "file", "hardlink", "":
	default:
		if d.there { // which 7-Zip writes into a file
			e.Err = Ambiguous("it is of the type %.20q, and has contents", kind)
			return e
		}
	}
	switch kind {
	case "directory":
		e.Mode = fs.ModeDir
		return e
	case "symlink":
		e.Mode, e.Link = fs.ModeSymlink, link
		return e
	case "file", "hardlink", "":
	default:
		e.Mode = fs.ModeDevice
		return e
	}
	method, known := xarMethods[d.encoding]
	switch {
	case kind == "":
		e.Err = fmt.Errorf("a file of the type %.20q, which is not read", kind)
	case !d.there:
	case !known:
		e.Err = fmt.Errorf("packed by the encoding %.40q, which is not read", d.encoding)
	case d.offset < 0 || d.length < 0 || d.size < 0 || d.offset > x.size-x.heap || d.length > x.size-x.heap-d.offset:
		e.Err = fmt.Errorf("its %d bytes at offset %d of the heap reach past the end", d.length, d.offset)
	default:
		e.Offset, e.Packed, e.Size, e.Method, e.Raw, e.Sum = x.heap+d.offset, d.length, d.size, method, d.raw, d.plain
	}
	return e
}

// data reads where bytes are.
func (x *xarReader) data(d *xarData) error {
	d.there = true
	defer func() {
		if d.offset >= 0 && d.length > 0 && d.offset <= x.size-x.heap && d.length <= x.size-x.heap-d.offset {
			x.End = max(x.End, x.heap+d.offset+d.length)
		}
	}()
	var once onceEach
	return x.children(func(e xml.StartElement) (err error) {
		if e.Name.Local == "unarchived-checksum" {
			e.Name.Local = "extracted-checksum" // as it is called now
		}
		if err := once.of(e.Name.Local, "offset", "size", "length", "encoding", "archived-checksum", "extracted-checksum"); err != nil {
			return err
		}
		switch e.Name.Local {
		case "offset":
			return x.number(&d.offset)
		case "size":
			return x.number(&d.size)
		case "length":
			return x.number(&d.length)
		case "encoding":
			d.encoding = attribute(e, "style")
		case "archived-checksum":
			d.raw, err = x.checksumOf(e)
			return err
		case "extracted-checksum":
			d.plain, err = x.checksumOf(e)
			return err
		}
		return x.skip(e)
	})
}

func (x *xarReader) checksumOf(e xml.StartElement) (Sum, error) {
	text, err := x.text()
	if sum, hexErr := hex.DecodeString(text); (hexErr != nil || len(sum) > sha512.Size) && err == nil {
		err = fmt.Errorf("a checksum that is not hexadecimal: %.80q", text)
	}
	return Sum(strings.ToLower(attribute(e, "style")) + ":" + text), err
}
