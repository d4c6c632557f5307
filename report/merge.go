package report

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/canonical"
)

// MergedSchema names the format of [Merger.Write]; schema/merged.v1.schema.json describes
// it. A field may be added to it; none is taken away or changes its meaning.
const MergedSchema = "codewarrant.merged/1"

const (
	// maxRun bounds a report inside a merged one, in bytes as it is written: what is
	// escaped to be shown takes up to four times as many.
	maxRun = 4 * MaxDocument

	// maxRuns bounds the reports of one merged one: what is kept of each takes half a
	// kilobyte. An audit of GitHub's largest organisations has some thousand.
	maxRuns = 1 << 20

	// maxFields bounds the fields of a merged report, most of which this version may not know.
	maxFields = 1000
)

// Conflict is the result of a merge in which two reports cannot both be true.
const Conflict check.Result = "conflict"

// Input is a file that is merged. It is read when it is added, and once more when the
// merged report is written, so that memory holds one report at a time.
type Input interface {
	io.ReaderAt
	Size() int64
}

// Merger joins reports: those of [JSON], and those that it has written itself. What comes
// out is the set of all reports that went in, each once, in an order of its own, and which shards
// of audits they are; so the order of merging does not matter, nor what was merged before.
type Merger struct {
	runs  map[[sha256.Size]byte]run
	keys  map[[sha256.Size]byte]int // how many runs were of the same things, by key
	plans map[planDigest]shards     // of audits

	limit int // of a report inside of a merged one; 0: maxRun
}

// run is what is kept of a report.
type run struct {
	input      Input
	start, end int64 // of the text in the input

	digest, key [sha256.Size]byte // key is zero where nothing was looked at
	raw         [sha256.Size]byte // of the text as it is in the input
	result      check.Result
	counts      jsonCounts

	repository, path, date, policy string
}

// Add reads the reports in a file. An error leaves the ones before it.
func (m *Merger) Add(in Input) error {
	head := make([]byte, 512)
	n, err := in.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	if !looksMerged(head[:n]) && in.Size() > MaxDocument {
		return fmt.Errorf("a report of more than %d bytes", MaxDocument)
	}
	if looksMerged(head[:n]) {
		return m.addAll(in)
	}
	b, err := segment(in, 0, in.Size())
	if err != nil {
		return err
	}
	text, err := canonicalDocument(b)
	if err != nil {
		return err
	}
	if hasSchema(text, MergedSchema) == nil {
		return m.addAll(in)
	}
	if err := hasSchema(text, Schema, MergedSchema); err != nil {
		return err
	}
	return m.add(text, run{input: in, end: in.Size(), raw: sha256.Sum256(b)})
}

// looksMerged reports whether a text begins as a merged report does.
func looksMerged(head []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(head))
	for _, want := range []json.Token{json.Delim('{'), "schema", MergedSchema} {
		if got, err := dec.Token(); err != nil || got != want {
			return false
		}
	}
	return true
}

// addAll adds the reports in a merged one, one after the other.
func (m *Merger) addAll(in Input) error {
	r := &budget{r: io.NewSectionReader(in, 0, in.Size()), limit: cmp.Or(m.limit, maxRun)}
	dec := json.NewDecoder(bufio.NewReaderSize(r, 1<<20))
	if _, err := dec.Token(); err != nil {
		return fmt.Errorf("not a report: %w", err)
	}
	seen := map[string]bool{}
	var told, found [4]int
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return fmt.Errorf("not a report: %w", err)
		}
		name := token.(string)
		if seen[fold(name)] {
			return fmt.Errorf("not a report: the name %q is there twice", name)
		}
		seen[fold(name)] = true
		if len(seen) > maxFields {
			return fmt.Errorf("not a report: more than %d fields", maxFields)
		}
		r.read = 0
		switch name {
		case "runs":
			found, err = m.addRuns(in, dec, r)
		case "plans":
			err = m.addPlans(dec)
		case "counts":
			told, err = readCounts(dec)
		default:
			err = skip(dec)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, unexpected(err))
		}
	}
	if _, err := dec.Token(); err != nil {
		return fmt.Errorf("not a report: %w", unexpected(err))
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("not a report: there is more after it")
	}
	if !seen["schema"] || !seen["runs"] {
		return errors.New("not a report: it has no runs")
	}
	if found != told {
		return fmt.Errorf("the reports in it are not those that were merged: of %d, %d passed, %d failed, %d unreadable there are %d, %d, %d, %d",
			told[0], told[1], told[2], told[3], found[0], found[1], found[2], found[3])
	}
	return nil
}

// readCounts reads how many reports a merged one says that it has, in the order of addRuns.
func readCounts(dec *json.Decoder) (n [4]int, err error) {
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return n, err
	}
	o, err := readObject(raw)
	for i, name := range []string{"runs", "passed", "failed", "unreadable"} {
		if err == nil {
			err = o.read(name, &n[i])
		}
	}
	return n, err
}

// unexpected says of an end that it is too early.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// addRuns adds the runs of a merged report, and returns how many there are, and how many of
// them passed, failed and were unreadable.
func (m *Merger) addRuns(in Input, dec *json.Decoder, r *budget) (n [4]int, err error) {
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return n, errors.New("not a list")
	}
	for i := 0; dec.More(); i++ {
		r.read = 0
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return n, fmt.Errorf("%d: %w", i, err)
		}
		end := dec.InputOffset()
		text, digest, err := unwrap(raw)
		if err != nil {
			return n, fmt.Errorf("%d: %w", i, err)
		}
		if sha256.Sum256(text) != digest {
			return n, fmt.Errorf("%d: the report is not the one that was merged: its SHA-256 is another one", i)
		}
		if err := m.add(text, run{input: in, start: end - int64(len(raw)), end: end, raw: sha256.Sum256(raw)}); err != nil {
			return n, fmt.Errorf("%d: %w", i, err)
		}
		n[0]++
		switch m.runs[digest].result {
		case check.Pass:
			n[1]++
		case check.Fail:
			n[2]++
		case check.Unreadable:
			n[3]++
		}
	}
	_, err = dec.Token()
	return n, err
}

// unwrap returns the canonical text of a report in a merged one, and its SHA-256 as it says.
func unwrap(raw []byte) (text []byte, digest [sha256.Size]byte, err error) {
	form, err := canonical.JSON(raw)
	if err != nil {
		return nil, digest, err
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(form, &fields); err != nil {
		return nil, digest, errors.New("not an object")
	}
	var sum string
	if json.Unmarshal(fields["sha256"], &sum) != nil || fields["report"] == nil {
		return nil, digest, errors.New("no report with its SHA-256")
	}
	b, err := hex.DecodeString(sum)
	if err != nil || len(b) != len(digest) {
		return nil, digest, fmt.Errorf("%q is no SHA-256", sum)
	}
	return fields["report"], [sha256.Size]byte(b), nil
}

// add keeps what there is to know of a report.
func (m *Merger) add(text []byte, r run) error {
	d, err := readCanonical(text)
	if err != nil {
		return err
	}
	r.digest = sha256.Sum256(text)
	if _, ok := m.runs[r.digest]; ok {
		return nil
	}
	if len(m.runs) == maxRuns {
		return fmt.Errorf("more than %d reports", maxRuns)
	}
	if m.runs == nil {
		m.runs, m.keys = map[[sha256.Size]byte]run{}, map[[sha256.Size]byte]int{}
	}
	r.key = d.key()
	r.result, r.counts = d.Result, d.Counts
	r.repository = strings.Clone(d.Repository)
	r.path, r.date, r.policy = strings.Clone(d.firstPath()), strings.Clone(d.Date), strings.Clone(d.Policy.Name)
	m.runs[r.digest] = r
	m.keys[r.key]++
	return nil
}

// firstPath returns the first path of what was looked at; empty for nothing.
func (d *Document) firstPath() string {
	switch {
	case len(d.Binaries) > 0:
		return d.Binaries[0].Paths[0]
	case len(d.Packages) > 0:
		return d.Packages[0].Path
	case len(d.Sources) > 0:
		return d.Sources[0].Path
	}
	return ""
}

// key returns what is equal for two reports that have to be equal: they are of the same
// files, by the hashes of their code, and of what sources claim, judged by the same version
// of the program, by the same policy on the same day.
func (d *Document) key() (key [sha256.Size]byte) {
	if d.firstPath() == "" {
		return key
	}
	type slice struct{ Arch, CDHash string }
	type file struct {
		Paths  []string
		Size   int64
		Slices []slice
		Claims []jsonClaim
	}
	subject := struct {
		Head  jsonReport
		Files []file
	}{Head: d.jsonReport}
	subject.Head.Result, subject.Head.Counts = "", jsonCounts{}
	for _, b := range d.Binaries {
		f := file{Paths: b.Paths, Size: b.Size}
		for _, s := range b.Slices {
			hash := ""
			if s.Signature != nil {
				hash = s.Signature.CDHash
			}
			f.Slices = append(f.Slices, slice{s.Arch, hash})
		}
		subject.Files = append(subject.Files, f)
	}
	for _, p := range d.Packages {
		subject.Files = append(subject.Files, file{Paths: []string{p.Path}, Size: p.Size})
	}
	for _, s := range d.Sources {
		f := file{Paths: []string{s.Path}}
		for _, c := range s.Claims {
			f.Claims = append(f.Claims, jsonClaim{Entitlement: c.Entitlement, Value: c.Value, Kind: c.Kind})
		}
		subject.Files = append(subject.Files, f)
	}
	b, err := json.Marshal(subject)
	if err != nil { // nothing in it can fail
		return key
	}
	return sha256.Sum256(b)
}

func segment(in Input, start, end int64) ([]byte, error) {
	b := make([]byte, end-start)
	if n, err := in.ReadAt(b, start); n < len(b) {
		return nil, unexpected(err)
	}
	return b, nil
}

// budget fails when more is read than the limit since read was set to 0.
type budget struct {
	r           io.Reader
	read, limit int
}

func (b *budget) Read(p []byte) (int, error) {
	if b.read > b.limit {
		return 0, fmt.Errorf("a report of more than %d bytes", b.limit)
	}
	n, err := b.r.Read(p)
	b.read += n
	return n, err
}
