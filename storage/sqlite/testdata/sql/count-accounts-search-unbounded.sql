SELECT count(*) AS count
FROM (
    SELECT CASE r.row & 3
        WHEN 0 THEN (SELECT a.id FROM clientele_accounts AS a WHERE a.id = r.row >> 2 AND instr(a.search, :term1) > 0)
        ELSE (SELECT d.account_id FROM clientele_domains AS d WHERE d.id = r.row >> 2 AND instr(d.search, :term1) > 0)
        END AS id
    FROM (
        SELECT rowid AS row FROM clientele_search WHERE clientele_search MATCH :match1
        UNION ALL
        SELECT p.row FROM clientele_search_pending AS p WHERE instr(p.text, :term1) > 0
        UNION ALL
        SELECT rowid FROM clientele_search WHERE length(replace(:term1, ' ', '  ')) < 3
    ) AS r
    WHERE r.row & 3 <> 1
    LIMIT :rows
) AS selected;

SELECT count(*) AS count
FROM (
    SELECT a.id
    FROM (
        SELECT DISTINCT id FROM (
            SELECT CASE r.row & 3
                WHEN 0 THEN (SELECT a.id FROM clientele_accounts AS a WHERE a.id = r.row >> 2 AND instr(a.search, :term1) > 0)
                ELSE (SELECT d.account_id FROM clientele_domains AS d WHERE d.id = r.row >> 2 AND instr(d.search, :term1) > 0)
                END AS id
            FROM (
                SELECT rowid AS row FROM clientele_search WHERE clientele_search MATCH :match1
                UNION ALL
                SELECT p.row FROM clientele_search_pending AS p WHERE instr(p.text, :term1) > 0
                UNION ALL
                SELECT rowid FROM clientele_search WHERE length(replace(:term1, ' ', '  ')) < 3
            ) AS r
            WHERE r.row & 3 <> 1
        )
    ) AS candidates
    CROSS JOIN clientele_accounts AS a ON a.id = candidates.id
    LIMIT :limit
) AS selected;
