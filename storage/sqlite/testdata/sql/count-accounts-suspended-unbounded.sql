SELECT count(*) AS count
FROM (
    SELECT a.id
    FROM (
        SELECT DISTINCT id FROM (
            SELECT h.row_id AS id FROM clientele_holds AS h WHERE h.level = 0
        )
    ) AS candidates
    CROSS JOIN clientele_accounts AS a ON a.id = candidates.id
    LIMIT :limit
) AS selected;

SELECT count(*) AS count
FROM (
    SELECT h.row_id AS id FROM clientele_holds AS h WHERE h.level = 0
    LIMIT :rows
) AS selected;
