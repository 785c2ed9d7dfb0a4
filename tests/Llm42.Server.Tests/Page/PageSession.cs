using Llm42.Testing;
using Microsoft.Playwright;

namespace Llm42.Server.Tests.Page;

/// <summary>
/// The page in a window of its own. Whatever happens in it, no request leaves the server and nothing is reported on the
/// console: that is checked when the session ends.
/// </summary>
internal sealed class PageSession : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];
    private readonly List<string> _expected;

    private PageSession(IBrowserContext context, IPage page, IEnumerable<string> expected)
    {
        _context = context;
        _expected = [.. expected];
        Page = page;
    }

    public IPage Page { get; }

    /// <summary>Every request that the page made.</summary>
    public List<IRequest> Requests { get; } = [];

    public static async Task<PageSession> OpenAsync(
        Uri address, string view = "chat", int width = 1280, int height = 860, bool isDark = false, bool waits = true,
        Func<IPage, Task>? prepare = null, params int[] expectedStatuses)
    {
        IBrowser browser = await Browser.GetAsync();
        IBrowserContext context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light,
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(30_000);
        IPage page = await context.NewPageAsync();
        var session = new PageSession(context, page, expectedStatuses.Select(status => $"the server responded with a status of {status} "));
        session.Watch(address);
        if (prepare is not null)
            await prepare(page);
        await page.GotoAsync(view.Length == 0 ? $"{address}" : $"{address}#{view}");
        if (waits)
            await page.WaitForSelectorAsync("body[data-ready]");
        return session;
    }

    /// <summary>Lets a report on the console pass, which the test brings about.</summary>
    public void Ignore(string text) => _expected.Add(text);

    /// <summary>Keeps a picture under artifacts/screenshots.</summary>
    public Task KeepAsync(string name, bool isFullPage = false) => Page.ScreenshotAsync(new PageScreenshotOptions
    {
        Path = RepositoryRoot.InRoot($"artifacts/screenshots/{name}.png"),
        FullPage = isFullPage,
    });

    /// <summary>Waits until an element's text is as wanted.</summary>
    public Task WaitForTextAsync(string selector, string pattern) => Page.WaitForFunctionAsync(
        "([selector, pattern]) => new RegExp(pattern).test(document.querySelector(selector)?.textContent ?? '')",
        new[] { selector, pattern });

    public async ValueTask DisposeAsync()
    {
        await _context.CloseAsync();
        Assert.AreEqual("", string.Join('\n', _complaints));
    }

    private void Watch(Uri address)
    {
        Page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !_expected.Exists(text => message.Text.Contains(text, StringComparison.Ordinal)))
                _complaints.Add($"console {message.Type}: {message.Text}");
        };
        Page.PageError += (_, error) => _complaints.Add($"page error: {error}");
        Page.Request += (_, request) =>
        {
            Requests.Add(request);
            if (new Uri(request.Url).GetLeftPart(UriPartial.Authority) != address.GetLeftPart(UriPartial.Authority))
                _complaints.Add($"request to elsewhere: {request.Url}");
        };
    }
}
