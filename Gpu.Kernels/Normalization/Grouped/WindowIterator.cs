using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// Iterates over the 2x2 windows of a batch of images in equal steps, without divisions. The windows of all images are numbered row by row. A step is a number
/// of images, rows and columns, so columns and rows carry over at most once in each step.
/// </summary>
internal struct WindowIterator
{
    /// <summary>Rows and columns of windows in an image.</summary>
    public int Height, Width;

    /// <summary>Words of an image, of two of its rows, and of two pixels.</summary>
    public int ImageWords, RowsWords, ColumnsWords;

    /// <summary>Rows and columns of a step, fewer than an image has, and words of a step.</summary>
    public int StepRows, StepColumns, StepWords;

    /// <summary>Words to add if the columns carry over into the rows, and if the rows carry over into the images.</summary>
    public int RowCarry, ImageCarry;

    /// <summary>Returns an iterator with a step of <paramref name="windows"/> windows.</summary>
    public static WindowIterator For(Pool2dShape shape, int windows)
    {
        var rows = windows / shape.OutputWidth;
        var images = rows / shape.OutputHeight;
        var steps = new WindowIterator
        {
            Height = shape.OutputHeight,
            Width = shape.OutputWidth,
            ImageWords = shape.InputHeight * shape.InputWidth * shape.Channels,
            RowsWords = 2 * shape.InputWidth * shape.Channels,
            ColumnsWords = 2 * shape.Channels,
            StepRows = rows - images * shape.OutputHeight,
            StepColumns = windows - rows * shape.OutputWidth,
        };
        // The step may be longer than the batch, and its words may overflow. Then no thread advances.
        steps.StepWords = unchecked(images * steps.ImageWords + steps.StepRows * steps.RowsWords + steps.StepColumns * steps.ColumnsWords);
        steps.RowCarry = steps.RowsWords - steps.Width * steps.ColumnsWords;
        steps.ImageCarry = steps.ImageWords - steps.Height * steps.RowsWords;
        return steps;
    }

    /// <summary>Returns the position of a window.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly WindowPosition Start(int window, int channel)
    {
        var rows = window / Width;
        var image = rows / Height;
        var position = new WindowPosition { Row = rows - image * Height, Column = window - rows * Width };
        position.Index = image * ImageWords + position.Row * RowsWords + position.Column * ColumnsWords + channel;
        return position;
    }

    /// <summary>Returns the position one step further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly WindowPosition Next(WindowPosition position)
    {
        // Carries are bit masks. ILGPU would take the result of a branch for uniform across threads.
        position.Column += StepColumns;
        var carry = (Width - 1 - position.Column) >> 31;
        position.Column -= Width & carry;
        position.Row += StepRows - carry;
        position.Index += StepWords + (RowCarry & carry);
        carry = (Height - 1 - position.Row) >> 31;
        position.Row -= Height & carry;
        position.Index += ImageCarry & carry;
        return position;
    }
}

/// <summary>Row and column of a window in its image, and the index of a vector of its upper left pixel.</summary>
internal struct WindowPosition
{
    public int Row, Column, Index;
}
