using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Llm42.Server.Tests.Page;

/// <summary>What holds in every view of the page: it fits, it can be read, and it needs neither mouse nor eyes.</summary>
[TestClass]
public sealed partial class PageViewTests
{
    private const int Phone = 360;

    private static TestServer? _server;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context) => _server = await PageServers.FlatAsync();

    [ClassCleanup]
    public static async Task StopAsync() => await _server!.DisposeAsync();

    [TestMethod]
    [DataRow("chat", "- log \"Conversation\":")]
    [DataRow("lab", "- columnheader \"First difference\"")]
    [DataRow("live", "img \"Throughput, the last")]
    public async Task View_is_named_can_be_read_and_fits(string view, string role)
    {
        await using PageSession session = await PageSession.OpenAsync(_server!.Address, view, width: 900);
        await FillAsync(session, view);
        await CheckNamesAsync(session, view, role);
        Assert.AreEqual("", await FaintAsync(session), "light");
        await session.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        Assert.AreEqual("rgb(18, 20, 22)", await session.Page.EvaluateAsync<string>("getComputedStyle(document.documentElement).backgroundColor"));
        Assert.AreEqual("", await FaintAsync(session), "dark");
        await session.KeepAsync($"dark-{view}");
        await session.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        await session.Page.SetViewportSizeAsync(Phone, 740);
        await CheckFitsAsync(session);
        await session.KeepAsync($"phone-{view}", isFullPage: true);
    }

    [TestMethod]
    public async Task Contrast_check_finds_what_is_faint()
    {
        await using PageSession session = await PageSession.OpenAsync(_server!.Address);
        await session.Page.EvaluateAsync("document.querySelector('.lead').style.color = '#999'");
        StringAssert.StartsWith(await FaintAsync(session), "<p id=\"chat-mode\" class=\"lead\"", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Theme_follows_the_system_until_it_is_chosen()
    {
        await using PageSession session = await PageSession.OpenAsync(_server!.Address);
        Assert.AreEqual("light", await ThemeAsync());
        await session.Page.GetByRole(AriaRole.Button, new() { Name = "Dark" }).ClickAsync();
        Assert.AreEqual("dark", await ThemeAsync());
        Assert.AreEqual("true", await session.Page.GetAttributeAsync("#theme", "aria-pressed"));
        await session.Page.ReloadAsync();
        await session.Page.WaitForSelectorAsync("body[data-ready]");
        Assert.AreEqual("dark", await ThemeAsync());
        Assert.AreEqual("true", await session.Page.GetAttributeAsync("#theme", "aria-pressed"));
        await session.Page.ClickAsync("#theme");
        Assert.AreEqual("light", await ThemeAsync());
        Assert.AreEqual(0, await session.Page.EvaluateAsync<int>("localStorage.length"));

        Task<string> ThemeAsync() => session.Page.EvaluateAsync<string>(
            "getComputedStyle(document.documentElement).backgroundColor === 'rgb(18, 20, 22)' ? 'dark' : 'light'");
    }

    [TestMethod]
    public async Task Keyboard_alone_reaches_and_runs_everything()
    {
        await using PageSession session = await PageSession.OpenAsync(_server!.Address, view: "", width: 900);
        string[] stops = await TabAsync(session, until: "send");
        Assert.AreEqual(
            "skip, Chat, Determinism lab, Live, theme, chat-new, System prompt and sampling, message, deterministic, send", string.Join(", ", stops));

        // By the skip link to the content, behind the links of the head.
        await session.Page.ReloadAsync();
        await session.Page.WaitForSelectorAsync("body[data-ready]");
        await session.Page.EvaluateAsync("document.activeElement.blur()");
        await session.Page.Keyboard.PressAsync("Tab");
        await session.Page.Keyboard.PressAsync("Enter");
        Assert.AreEqual("main", await session.Page.EvaluateAsync<string>("document.activeElement.id"));
        Assert.IsTrue(await session.Page.Locator("#chat").IsVisibleAsync());
        await TabAsync(session, until: "message");
        await session.Page.Keyboard.TypeAsync("In the beginning");
        await session.Page.Keyboard.PressAsync("Enter");
        await session.Page.WaitForSelectorAsync(".assistant .facts");
        Assert.AreEqual("message", await session.Page.EvaluateAsync<string>("document.activeElement.id"));

        await session.Page.FocusAsync("nav a[data-view=lab]");
        await session.Page.Keyboard.PressAsync("Enter");
        Assert.IsTrue(await session.Page.Locator("#lab").IsVisibleAsync());
        Assert.AreEqual("page", await session.Page.GetAttributeAsync("nav a[data-view=lab]", "aria-current"));
        await SetLabAsync(session);
        await session.Page.FocusAsync("#lab-runs");
        await session.Page.Keyboard.PressAsync("Tab");
        await session.Page.Keyboard.PressAsync("Enter");
        await session.WaitForTextAsync("#lab-status", "^Done");

        // The table can be scrolled without a mouse.
        stops = await TabAsync(session, until: "Tokens with determinism");
        CollectionAssert.Contains(stops, "Tokens without determinism");
        await session.Page.Keyboard.PressAsync("ArrowRight");
        await session.Page.WaitForFunctionAsync("() => document.activeElement.scrollLeft > 0");
    }

    [TestMethod]
    public async Task Live_figures_move_with_the_engine()
    {
        await using PageSession session = await PageSession.OpenAsync(_server!.Address);
        await session.WaitForTextAsync(".panel:nth-child(3) .ended", "[0-9]");
        string before = await DrawnAsync();
        await FillAsync(session, "chat");
        PageServers.WaitUntilIdle(_server);
        string ended = $"{_server.Engine.Statistics.Requests}";
        await session.WaitForTextAsync(".panel:nth-child(3) .ended", $"^{ended}$");
        Assert.AreEqual($"{_server.Engine.Statistics.TokensDrafted:N0}", await session.Page.InnerTextAsync(".panel dd.drafted"));
        Assert.AreEqual($"{_server.Engine.Statistics.TokensRolledBack:N0}", await session.Page.InnerTextAsync(".panel dd.back"));
        Assert.AreNotEqual(before, await DrawnAsync());
        StringAssert.Matches(
            await session.Page.Locator(".spark").First.GetAttributeAsync("aria-label"), new Regex("^Throughput, the last [0-9]+ seconds: now .* tokens/s, drawn from 0 to [1-9]"));

        Task<string> DrawnAsync() => session.Page.Locator(".panel:nth-child(2) .spark").EvaluateAsync<string>(
            "spark => Math.max(...[...spark.querySelectorAll('rect')].map(bar => bar.height.baseVal.value)).toString()");
    }

    [TestMethod]
    public async Task Live_figures_stand_beside_the_others_where_there_is_room()
    {
        await using PageSession session = await PageSession.OpenAsync(_server!.Address, "live");
        await session.Page.Locator("#live").WaitForAsync();
        Assert.IsTrue(await session.Page.Locator("#chat").IsVisibleAsync());
        await session.Page.SetViewportSizeAsync(Phone, 740);
        await session.Page.Locator("#chat").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.IsTrue(await session.Page.Locator("#live").IsVisibleAsync());
        await session.Page.ClickAsync("nav a[data-view=chat]");
        await session.Page.Locator("#live").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.IsTrue(await session.Page.Locator("#chat").IsVisibleAsync());
    }

    /// <summary>Texts whose contrast with what is behind them is below 4.5.</summary>
    private const string FaintTexts =
        """
        () => {
            const channels = color => color.match(/[\d.]+/g).map(value => color.startsWith("color(srgb") ? value * 255 : Number(value));
            const luminance = ([r, g, b]) => [r, g, b].map(value => value / 255)
                .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
                .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
            const behind = element => {
                for (; element; element = element.parentElement) {
                    const color = channels(getComputedStyle(element).backgroundColor);
                    if (color.length === 3 || color[3] === 1)
                        return color;
                }
                return [255, 255, 255];
            };
            const hasText = element => [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
            return [...document.querySelectorAll("body *")]
                .filter(element => element.checkVisibility() && hasText(element) && !element.matches(":disabled, .hidden"))
                .filter(element => {
                    const [a, b] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))];
                    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
                })
                .map(element => element.outerHTML.slice(0, 120));
        }
        """;

    private static async Task<string> FaintAsync(PageSession session) => string.Join('\n', await session.Page.EvaluateAsync<string[]>(FaintTexts));

    private static async Task CheckNamesAsync(PageSession session, string view, string role)
    {
        // As assistive technology is told.
        string tree = await session.Page.Locator("body").AriaSnapshotAsync();
        string[] nameless = [.. tree.Split('\n').Where(line => NamelessControl().IsMatch(line))];
        Assert.AreEqual("", string.Join('\n', nameless), tree);
        string title = view switch { "chat" => "Chat", "lab" => "Determinism lab", _ => "Live" };
        foreach (string part in new[] { "- banner:", "- navigation \"Views\":", "- main:", $"- heading \"{title}\" [level=2]", role })
            StringAssert.Contains(tree, part, StringComparison.Ordinal);
        Assert.AreEqual(1, Heading1().Count(tree));

        string[] broken = await session.Page.EvaluateAsync<string[]>(
            """
            () => {
                const ids = [...document.querySelectorAll("[id]")].map(element => element.id);
                const twice = ids.filter((id, i) => ids.indexOf(id) !== i);
                const references = [...document.querySelectorAll("[aria-labelledby], [aria-describedby], [for]")]
                    .flatMap(element => ["aria-labelledby", "aria-describedby", "for"].map(name => element.getAttribute(name)).filter(Boolean));
                return [...twice, ...references.filter(id => !ids.includes(id))];
            }
            """);
        Assert.AreEqual("", string.Join(' ', broken));
        string[] small = await session.Page.EvaluateAsync<string[]>(
            """
            () => [...document.querySelectorAll("button, input, select, textarea, summary")].filter(element => element.checkVisibility())
                .filter(element => Math.min(element.offsetHeight, element.offsetWidth) < 18).map(element => element.outerHTML)
            """);
        Assert.AreEqual("", string.Join('\n', small));
    }

    private static async Task CheckFitsAsync(PageSession session)
    {
        int[] widths = await session.Page.EvaluateAsync<int[]>(
            "[document.scrollingElement.scrollWidth, document.body.scrollWidth, innerWidth]");
        Assert.AreEqual($"{Phone} {Phone} {Phone}", string.Join(' ', widths));
        string[] outside = await session.Page.EvaluateAsync<string[]>(
            """
            () => [...document.querySelectorAll("body *")]
                .filter(element => element.checkVisibility() && !element.closest(".grid, .hidden, .skip"))
                .filter(element => element.getBoundingClientRect().right > innerWidth + 1)
                .map(element => element.outerHTML.slice(0, 80))
            """);
        Assert.AreEqual("", string.Join('\n', outside));
    }

    /// <summary>Brings a view into the state in which it shows all it has.</summary>
    private static async Task FillAsync(PageSession session, string view)
    {
        if (view == "live")
        {
            await session.WaitForTextAsync(".panel:nth-child(3) .ended", "[0-9]");
        }
        else if (view == "lab")
        {
            await SetLabAsync(session);
            await session.Page.ClickAsync("#lab-run");
            await session.WaitForTextAsync("#lab-status", "^Done");
        }
        else
        {
            await session.Page.ClickAsync("#chat-options summary");
            await session.Page.FillAsync("#max-tokens", "40");
            await session.Page.FillAsync("#message", $"In the beginning {new string('m', 60)}");
            await session.Page.PressAsync("#message", "Enter");
            await session.Page.ClickAsync(".guarantee summary");
        }
    }

    private static async Task SetLabAsync(PageSession session)
    {
        await session.Page.FillAsync("#lab-answers", "6");
        await session.Page.FillAsync("#lab-tokens", "32");
        await session.Page.FillAsync("#lab-temperature", "0");
    }

    /// <summary>Goes on with the Tab key up to a control; what had the focus on the way. Each of them shows that it has it.</summary>
    private static async Task<string[]> TabAsync(PageSession session, string until)
    {
        var stops = new List<string>();
        while (stops.Count < 60 && (stops.Count == 0 || stops[^1] != until))
        {
            await session.Page.Keyboard.PressAsync("Tab");
            string[] stop = await session.Page.EvaluateAsync<string[]>(
                """
                () => {
                    const element = document.activeElement;
                    const style = getComputedStyle(element);
                    return [element.id || (element.className === "skip" && "skip") || element.getAttribute("aria-label") || element.textContent.trim(),
                        style.outlineStyle, style.outlineWidth];
                }
                """);
            Assert.AreEqual("solid 2px", $"{stop[1]} {stop[2]}", stop[0]);
            stops.Add(stop[0]);
        }

        Assert.AreEqual(until, stops[^1], string.Join(", ", stops));
        return [.. stops];
    }

    [GeneratedRegex(@"^\s*- (button|link|textbox|spinbutton|combobox|switch|checkbox|region|dialog|img|table|log|complementary)(:| \[|$)")]
    private static partial Regex NamelessControl();

    [GeneratedRegex(@"\[level=1\]")]
    private static partial Regex Heading1();
}
