package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An operator at whose password somebody guesses gets in with the link that -unlock prints, and the password.
func TestUnlock(t *testing.T) {
	environ := map[string]string{
		"CLIENTELE_SECRET": strings.Repeat("s", minSecretBytes), "CLIENTELE_OPERATOR": operatorName, "CLIENTELE_PASSWORD": operatorPassword,
	}
	getenv := func(name string) string { return environ[name] }
	p := startProgram(t, environ, "-empty")
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar}
	signIn := func(password string) *http.Response {
		t.Helper()
		got, err := browser.PostForm("http://"+p.addr+"/operator", url.Values{"login": {operatorName}, "password": {password}})
		require.NoError(t, err)
		require.NoError(t, got.Body.Close())
		return got
	}
	got := signIn("guess")
	for i := 0; got.StatusCode == http.StatusUnauthorized && i < 100; i++ {
		got = signIn("guess")
	}
	require.Equal(t, http.StatusTooManyRequests, signIn(operatorPassword).StatusCode)

	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-unlock", "-addr", p.addr, "-host", "127.0.0.1"}, getenv, &out, io.Discard))
	link := regexp.MustCompile(`http://127.0.0.1:\S+`).FindString(out.String())
	require.NotEmpty(t, link, out.String())

	for _, forged := range []string{link[:len(link)-1], link + "x", strings.Replace(link, "/unlock/1", "/unlock/9", 1)} {
		got, err := browser.Get(forged)
		require.NoError(t, err)
		require.NoError(t, got.Body.Close())
		assert.Equal(t, http.StatusGone, got.StatusCode, forged)
	}
	require.Equal(t, http.StatusTooManyRequests, signIn(operatorPassword).StatusCode)

	opened, err := browser.Get(link)
	require.NoError(t, err)
	require.NoError(t, opened.Body.Close())
	assert.Equal(t, "/operator", opened.Request.URL.Path)
	assert.Equal(t, http.StatusUnauthorized, signIn("guess").StatusCode, "the link signs nobody in")
	assert.Equal(t, "/customers", signIn(operatorPassword).Request.URL.Path)
	p.stop()
	token := link[strings.LastIndex(link, "/")+1:]
	assert.Contains(t, p.log.String(), "path=/unlock/…")
	assert.NotContains(t, p.log.String(), token)
	assert.NotContains(t, p.log.String(), operatorPassword)
}

func TestUnlockTokens(t *testing.T) {
	now, secret := time.Now(), strings.Repeat("s", minSecretBytes)
	token := newUnlockToken(secret, "anna", now)
	assert.True(t, isUnlockToken(secret, "anna", token, now.Add(unlockTTL-time.Second)))
	assert.False(t, isUnlockToken(secret, "anna", token, now.Add(unlockTTL)), "expired")
	assert.False(t, isUnlockToken(secret, "bruno", token, now))
	assert.False(t, isUnlockToken("another secret", "anna", token, now))
	assert.False(t, isUnlockToken("", "anna", newUnlockToken("", "anna", now), now), "without a secret")
	assert.False(t, isUnlockToken(secret, "anna", "", now))
}

func TestInvalidUnlock(t *testing.T) {
	for _, c := range []struct {
		args   []string
		secret string
		text   string
	}{
		{nil, "", "CLIENTELE_SECRET"},
		{[]string{"-addr", "127.0.0.1:0"}, strings.Repeat("s", minSecretBytes), "-addr"},
		{[]string{"-addr", "nowhere"}, strings.Repeat("s", minSecretBytes), "-addr"},
	} {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{"-unlock"}, c.args...), func(name string) string {
			if name == "CLIENTELE_SECRET" {
				return c.secret
			}
			return ""
		}, &out, io.Discard)
		require.ErrorContains(t, err, c.text)
		assert.Empty(t, out.String())
	}
}
