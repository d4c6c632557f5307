// Command archives measures what it takes to look into archives, beside the tools that
// only test them: it packs a program in each format with the real tool, runs codewarrant
// and the peer on it in turn, and prints a table of the time of both and of the most memory
// that codewarrant had.
//
//	go run ./archives [-rounds 5] CODEWARRANT PROGRAM
//
// It needs zip, unzip, tar, gzip, bzip2, xz, zstd and 7zz.
package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/archivetest"
	"github.com/codewarrant/codewarrant/internal/bench/cost"
	"github.com/codewarrant/codewarrant/internal/imagetest"
)

// contest is an archive, what makes it, and what it is tested with by its peer. Both are
// commands of the shell.
type contest struct {
	file string
	make string // in the folder with the program, writes $1; empty: made here
	peer string // reads $1
}

const sevenZip = "7zz t -mmt1 $1"

var contests = []contest{
	{"x.zip", "zip -qr $1 program", "unzip -qt $1"},
	{"x.tar.gz", "tar czf $1 program", sevenZip},
	{"x.tar.zst", "tar cf - program | zstd -q > $1", sevenZip},
	{"x.tar.bz2", "tar cf - program | bzip2 > $1", sevenZip},
	{"x.tar.xz", "tar cf - program | xz > $1", sevenZip},
	{"x.pkg", "", sevenZip},
	{"zlib.dmg", "", "7zz t -tdmg $1"},
	{"bzip2.dmg", "", "7zz t -tdmg $1"},
	{"xz.dmg", "", "7zz t -tdmg $1"},
	{"lzfse.dmg", "", "7zz t -tdmg $1"},
	{"apfs.dmg", "", "7zz t -tdmg $1"},
}

func main() {
	rounds := flag.Int("rounds", 5, "how often each contestant has its turn")
	pack := flag.Bool("pack", false, "pack the second file as a package or disk image that is the first")
	verify := flag.String("verify", "slots", "what codewarrant verifies")
	only := flag.String("only", "", "look at archives whose names end so")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: archives [-rounds N] CODEWARRANT PROGRAM")
		os.Exit(2)
	}
	err := error(nil)
	if *pack {
		err = packFile(flag.Arg(0), flag.Arg(1))
	} else {
		err = run(flag.Arg(0), flag.Arg(1), *verify, *only, *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "archives:", err)
		os.Exit(1)
	}
}

func run(codewarrant, program, verify, only string, rounds int) error {
	dir, err := os.MkdirTemp("", "archives-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := copyFile(filepath.Join(dir, "program"), program); err != nil {
		return err
	}
	fmt.Printf("A program of %s, %d rounds, the median of each.\n\n", size(program), rounds)
	fmt.Println("| archive | codewarrant | processor | memory | peer | time | processor | ratio of time |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, c := range contests {
		if !strings.HasSuffix(c.file, only) {
			continue
		}
		if err := c.pack(dir); err != nil {
			return fmt.Errorf("%s: %w", c.file, err)
		}
		name := filepath.Join(dir, c.file)
		var ours, theirs []cost.Cost
		memory := int64(0)
		for range rounds {
			a, err := cost.Run(codewarrant, "check", "--verify", verify, "--policy", "preset:report-only", name)
			if err != nil {
				return err
			}
			b, err := cost.Run("bash", "-c", "set -o pipefail; "+c.peer, "bash", name)
			if err != nil {
				return err
			}
			ours, theirs, memory = append(ours, a), append(theirs, b), max(memory, a.Memory)
		}
		a, b := median(ours), median(theirs)
		fmt.Printf("| %s, %s | %d ms | %d ms | %d MiB | `%s` | %d ms | %d ms | %.2f |\n", c.file, size(name),
			a.Time.Milliseconds(), a.Processor.Milliseconds(), memory>>20, strings.ReplaceAll(strings.ReplaceAll(c.peer, " $1", ""), "|", "\\|"),
			b.Time.Milliseconds(), b.Processor.Milliseconds(), float64(a.Time)/float64(b.Time))
	}
	return nil
}

func size(name string) string {
	info, err := os.Stat(name)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d MB", info.Size()/1e6)
}

func copyFile(to, from string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.Create(to)
	if err != nil {
		return err
	}
	defer w.Close()
	_, err = io.Copy(w, r)
	return err
}

// pack makes the archive. This program does not hold it: what it has in memory counts as
// that of the programs that it starts, until they are loaded.
func (c contest) pack(dir string) error {
	args := []string{"bash", "-c", "set -euo pipefail; " + c.make, "bash", c.file}
	if c.make == "" {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		args = []string{self, "-pack", c.file, "program"}
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// packFile packs a file as the payload of an installer package, or on a disk image.
func packFile(to, program string) error {
	b, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	files := map[string]string{"program": string(b)}
	kind, is := map[string]uint32{
		"zlib.dmg": imagetest.Zlib, "bzip2.dmg": imagetest.Bzip2, "xz.dmg": imagetest.XZ, "lzfse.dmg": imagetest.Lzfse, "apfs.dmg": imagetest.Zlib,
	}[filepath.Base(to)]
	packed := []byte(nil)
	switch image := (imagetest.UDIF{Kinds: []uint32{kind}, Bzip2: bzip2}); {
	case !is:
		packed = archivetest.Package(files, nil)
	case to == "apfs.dmg":
		packed = image.Write(imagetest.APFSDisk(files))
	default:
		packed = image.Write(imagetest.HFSDisk(files))
	}
	return os.WriteFile(to, packed, 0o644)
}

// bzip2 packs a chunk by the real tool.
func bzip2(b []byte) []byte {
	cmd := exec.Command("bzip2", "-c")
	cmd.Stdin = bytes.NewReader(b)
	packed, err := cmd.Output()
	if err != nil {
		panic(err)
	}
	return packed
}

// median returns the run of which as many are faster as slower.
func median(list []cost.Cost) cost.Cost {
	slices.SortFunc(list, func(a, b cost.Cost) int { return cmp.Compare(a.Time, b.Time) })
	return list[len(list)/2]
}
