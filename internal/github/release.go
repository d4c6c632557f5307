package github

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// maxAsset bounds an asset, in bytes. GitHub takes less than 2 GiB
	// (https://docs.github.com/en/repositories/releasing-projects-on-github/about-releases).
	maxAsset = 2 << 30

	// maxAssetPages is as many pages as a release may have of assets: GitHub takes 1000.
	maxAssetPages = 10

	// maxDownload bounds how long one try of an asset takes: two gigabytes at 1 MB a second.
	maxDownload = 35 * time.Minute
)

// Release is a published release.
type Release struct {
	Tag    string
	Assets []Asset
}

// Asset is a file of a release.
type Asset struct {
	ID     int64
	Name   string // of any characters
	Size   int64  // bytes
	SHA256 string // hexadecimal; empty: GitHub does not tell, as of those from before June 2025
}

// ErrDigest is what Err is where an asset is not the one that GitHub describes.
var ErrDigest = errors.New("another digest")

// Sink is where a file is written to, from its beginning with each try. An *os.File is one.
type Sink interface {
	io.WriteSeeker
	Truncate(size int64) error
}

// LatestRelease returns the release that GitHub calls the latest, which is neither a draft
// nor a prerelease; nil: there is none, or the token may not see it.
func (c *Client) LatestRelease(ctx context.Context, owner, repo string) (*Release, error) {
	q := about(owner, repo)
	q.what += ", latest release"
	if wrong := wrongRepo(owner, repo); wrong != "" {
		return nil, c.fail(q, 0, wrong, "", nil)
	}
	list := q
	q.path += "/releases/latest"
	var r struct {
		ID  int64  `json:"id"`
		Tag string `json:"tag_name"`
	}
	err := c.decode(ctx, q, &r)
	if e, ok := err.(*Error); ok && e.Status == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	release := &Release{Tag: r.Tag}
	// What a release says of its assets itself need not be all of them.
	list.path += fmt.Sprintf("/releases/%d/assets", r.ID)
	err = pages(ctx, c, list, maxAssetPages, func(a struct {
		ID     int64  `json:"id"`
		Name   string `json:"name"`
		Size   int64  `json:"size"`
		State  string `json:"state"`
		Digest string `json:"digest"`
	},
	) bool {
		if a.State == "uploaded" { // else there is nothing to fetch yet
			sum, _ := strings.CutPrefix(a.Digest, "sha256:")
			if !isSHA(sum) || len(sum) != 2*sha256.Size {
				sum = ""
			}
			release.Assets = append(release.Assets, Asset{a.ID, a.Name, a.Size, sum})
		}
		return false
	})
	if err != nil {
		return nil, err
	}
	return release, nil
}

// Download writes the bytes of an asset, which have to be those that GitHub names the
// digest of: else the error is ErrDigest. What was written when there is an error is not to be
// used.
func (c *Client) Download(ctx context.Context, owner, repo string, a Asset, to Sink) error {
	q := about(owner, repo)
	q.what += ", asset " + a.Name
	q.path += fmt.Sprintf("/releases/assets/%d", a.ID)
	q.accept, q.asset, q.to = "application/octet-stream", &a, to
	switch wrong := wrongRepo(owner, repo); {
	case wrong != "":
		return c.fail(q, 0, wrong, "", nil)
	case a.SHA256 == "":
		return c.fail(q, 0, "GitHub names no digest of the asset", "upload it once more: GitHub names digests since June 2025", nil)
	case a.Size < 0 || a.Size > maxAsset:
		return c.fail(q, 0, fmt.Sprintf("the asset has %d bytes, over the limit of %d", a.Size, maxAsset), "", nil)
	}
	_, err := c.ask(ctx, q)
	return err
}

// save writes an asset, and compares it with what GitHub says of it. An error that is an
// *Error is final: the same would come again.
func (c *Client) save(q question, body io.Reader) error {
	if _, err := q.to.Seek(0, io.SeekStart); err != nil {
		return c.fail(q, 0, "it cannot be written: "+err.Error(), "", nil)
	}
	if err := q.to.Truncate(0); err != nil {
		return c.fail(q, 0, "it cannot be written: "+err.Error(), "", nil)
	}
	sum, w := sha256.New(), &sinkWriter{to: q.to}
	n, err := io.Copy(io.MultiWriter(w, sum), io.LimitReader(body, q.asset.Size+1))
	switch got := hex.EncodeToString(sum.Sum(nil)); {
	case w.err != nil:
		return c.fail(q, 0, "it cannot be written: "+w.err.Error(), "is there room for it in the folder for temporary files?", nil)
	case err != nil:
		return err
	case n != q.asset.Size:
		return c.fail(q, http.StatusOK, fmt.Sprintf("what came has not the %d bytes that GitHub says the asset has", q.asset.Size), "", ErrDigest)
	case got != q.asset.SHA256:
		return c.fail(q, http.StatusOK, fmt.Sprintf("what came is not the asset: its SHA-256 is %s, and GitHub names %s", got, q.asset.SHA256),
			"see who could have changed it, and upload it once more", ErrDigest)
	}
	return nil
}

// sinkWriter keeps why nothing could be written, which asking again does not help.
type sinkWriter struct {
	to  io.Writer
	err error
}

func (w *sinkWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.err = err
	return n, err
}

// mayFetch reports whether an asset is fetched from where the API redirects to. GitHub
// stores assets elsewhere, and an Enterprise Server where its owner says; so any host is
// as good as another: it is not given the token, and has to have the bytes.
func mayFetch(asked, next *url.URL) bool {
	return next.User == nil && (next.Scheme == "https" || next.Scheme == "http" && asked.Scheme == "http" && loopback(next.Hostname()))
}
