namespace Llm42.Cli.Reports;

/// <summary>A picture in a report.</summary>
/// <param name="Id">A word of its own in the report.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Description">The same with its figures, for those who do not see it.</param>
/// <param name="Elements">SVG elements of <see cref="Width"/> x <see cref="Height"/>.</param>
internal sealed record Chart(string Id, string Title, string Description, string Elements)
{
    public const int Width = 560;
    public const int Height = 360;

    /// <summary>Colours for light and for dark, told by what the reader's system prefers; dashes tell curves apart as well.</summary>
    public const string Style = """
        .chart{--ink:#1b1f24;--faint:#d5d9de;--paper:#ffffff;--s0:#0b5fae;--s1:#b3470b;--s2:#1a7f37;--s3:#8250df;--s4:#6e7781;--s5:#9a6700;font-family:system-ui,sans-serif;color:#1b1f24}
        @media (prefers-color-scheme:dark){.chart{--ink:#e6e9ec;--faint:#3d444c;--paper:#15191e;--s0:#6cb6ff;--s1:#ffa763;--s2:#56d364;--s3:#d2a8ff;--s4:#adbac7;--s5:#e3b341;color:#e6e9ec}}
        .chart .paper{fill:var(--paper)}
        .chart text{fill:var(--ink);font-size:12px}
        .chart .title{font-size:15px;font-weight:600}
        .chart .axis{stroke:var(--ink);stroke-width:1;fill:none}
        .chart .grid{stroke:var(--faint);stroke-width:1}
        .chart .curve{fill:none;stroke-width:2}
        .chart .s0{stroke:var(--s0)}
        .chart .s1{stroke:var(--s1);stroke-dasharray:7 3}
        .chart .s2{stroke:var(--s2);stroke-dasharray:2 3}
        .chart .s3{stroke:var(--s3);stroke-dasharray:10 3 2 3}
        .chart .s4{stroke:var(--s4);stroke-dasharray:1 3}
        .chart .s5{stroke:var(--s5);stroke-dasharray:5 5}
        """;

    /// <summary>Curves that can be told apart.</summary>
    public const int Curves = 6;
}
