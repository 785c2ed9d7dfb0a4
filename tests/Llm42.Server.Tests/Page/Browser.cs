using Microsoft.Playwright;

namespace Llm42.Server.Tests.Page;

/// <summary>The one browser that all tests of the page share: the system's Chromium, nothing downloaded.</summary>
[TestClass]
public sealed class Browser
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private static IPlaywright? _playwright;
    private static IBrowser? _browser;

    /// <summary>The browser; the test is inconclusive where there is none.</summary>
    public static async Task<IBrowser> GetAsync()
    {
        if (_browser is not null)
            return _browser;
        string executable = Find();
        _playwright = await Playwright.CreateAsync();
        return _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = executable,
            Args = ["--disable-gpu"],
        });
    }

    [AssemblyCleanup]
    public static async Task CloseAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    private static string Find()
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        string? found = Environment.GetEnvironmentVariable("LLM42_CHROMIUM")
            ?? folders.SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        if (found is null)
            Assert.Inconclusive("Chromium is missing: let ./build.sh test install it, or name one in LLM42_CHROMIUM.");
        return found!;
    }
}
