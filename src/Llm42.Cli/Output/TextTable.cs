using Spectre.Console;

namespace Llm42.Cli.Output;

/// <summary>A table on standard output or error, as aligned lines; on a terminal no wider than it.</summary>
internal sealed class TextTable
{
    /// <summary>Where lines are not wrapped to a terminal's width, no table is wider.</summary>
    private const int PlainWidth = 160;

    private readonly Table _table = new();
    private readonly TextWriter _writer;
    private readonly bool _isTerminal;

    public TextTable(TextWriter writer, params string[] columns)
    {
        _writer = writer;
        _isTerminal = writer == Console.Out ? !Console.IsOutputRedirected : writer == Console.Error && !Console.IsErrorRedirected;
        _table.Border(TableBorder.None);
        for (int i = 0; i < columns.Length; i++)
        {
            var column = new TableColumn(Markup.Escape(columns[i])) { NoWrap = i == 0 || !columns[i].Contains(' ', StringComparison.Ordinal) };
            _table.AddColumn(i == 0 ? column : column.RightAligned());
        }
    }

    public void AddRow(params string[] cells) => _table.AddRow([.. cells.Select(Markup.Escape)]);

    public void Write()
    {
        if (_isTerminal)
        {
            AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(_writer) }).Write(_table);
            return;
        }

        using var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = PlainWidth;
        console.Write(_table);
        foreach (string line in text.ToString().Split('\n'))
        {
            if (line.Trim().Length > 0)
                _writer.WriteLine(line.TrimEnd());
        }
    }
}
