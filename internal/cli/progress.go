package cli

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
	eastasian "golang.org/x/text/width"

	"github.com/codewarrant/codewarrant/internal/sanitise"
)

const (
	// soon is after what time progress is shown: before, nobody wonders.
	soon = time.Second

	// often is how often it is shown anew.
	often = 100 * time.Millisecond
)

// progress is one line on a terminal that tells how far the reading of files is. Nothing
// else is printed between startProgress and stop. The nil progress shows nothing.
type progress struct {
	to   *os.File
	quit chan struct{}
	gone sync.WaitGroup

	mu    sync.Mutex
	files int
	bytes int64
	name  string // of the file that was begun last

	of int // repositories that there are; 0: files are looked at
}

// startProgress shows progress on standard error if that is a terminal in front of which
// somebody may sit; else it returns nil.
func startProgress(env Env, quiet bool) *progress {
	to, ok := env.Stderr.(*os.File)
	if quiet || !ok || !term.IsTerminal(int(to.Fd())) || env.Getenv("CI") != "" || env.Getenv("TERM") == "dumb" {
		return nil
	}
	p := &progress{to: to, quit: make(chan struct{})}
	p.gone.Go(p.show)
	return p
}

// repositories tells how many repositories there are, one of which is told by begun at a time.
func (p *progress) repositories(n int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of = n
}

// begun tells of a file that is begun.
func (p *progress) begun(name string, size int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files, p.bytes, p.name = p.files+1, p.bytes+size, name
}

// stop clears the line.
func (p *progress) stop() {
	if p == nil {
		return
	}
	close(p.quit)
	p.gone.Wait()
}

func (p *progress) show() {
	next := time.NewTimer(soon)
	defer next.Stop()
	shown := 0 // columns
	for {
		select {
		case <-p.quit:
			p.put("", shown)
			return
		case <-next.C:
			next.Reset(often)
		}
		columns, _, err := term.GetSize(int(p.to.Fd()))
		if err != nil {
			continue
		}
		// The last column stays free: some terminals begin a new line after it.
		line, n := cut(p.line(), columns-1)
		p.put(line, shown)
		shown = n
	}
}

// put writes a line in the place of one that takes up as many columns, and goes back to
// its beginning, so that whatever the terminal shows next stands there.
func (p *progress) put(line string, over int) {
	if line == "" && over == 0 {
		return
	}
	fmt.Fprintf(p.to, "\r%s\r%s\r", strings.Repeat(" ", over), line)
}

func (p *progress) line() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of > 0 {
		return fmt.Sprintf("codewarrant: repositories %d of %d: %s", p.files, p.of, sanitise.Text(p.name))
	}
	return fmt.Sprintf("codewarrant: files %d, %s: %s", p.files, size(p.bytes), sanitise.Text(p.name))
}

// size writes a number of bytes in the unit that fits.
func size(n int64) string {
	units := []string{"kB", "MB", "GB", "TB"}
	f, unit := float64(n)/1000, 0
	for f >= 1000 && unit < len(units)-1 {
		f, unit = f/1000, unit+1
	}
	return fmt.Sprintf("%.1f %s", f, units[unit])
}

// cut returns as much of a text as fits into as many columns, and how many it takes up.
// A character whose width depends on the terminal counts as wide.
func cut(text string, columns int) (line string, taken int) {
	for i, r := range text {
		n := 1
		switch eastasian.LookupRune(r).Kind() {
		case eastasian.EastAsianWide, eastasian.EastAsianFullwidth, eastasian.EastAsianAmbiguous:
			n = 2
		}
		if taken+n > columns {
			return text[:i], taken
		}
		taken += n
	}
	return text, taken
}
